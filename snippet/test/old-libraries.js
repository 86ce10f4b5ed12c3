// What jQuery 1.2, Prototype 1.6 and MooTools 1.2 did to the language, as far as a script that comes later can notice it.
(function () {
  'use strict';

  // Prototype: collections with methods of its own, some under names that the language took later, all enumerable.
  Array.prototype.each = function (iterator) {
    for (var i = 0; i < this.length; i++) iterator(this[i], i);
    return this;
  };
  Array.prototype.find = function (iterator) {
    for (var i = 0; i < this.length; i++) if (iterator(this[i], i)) return this[i];
  };
  Array.prototype.filter = function (iterator) {
    var found = [];
    this.each(function (one, i) {
      if (iterator(one, i)) found.push(one);
    });
    return found;
  };
  Array.prototype.map = function (iterator) {
    var made = [];
    this.each(function (one, i) {
      made.push(iterator(one, i));
    });
    return made;
  };
  Array.prototype.forEach = Array.prototype.each;
  Array.from = function (iterable) {
    return iterable && iterable.toArray ? iterable.toArray() : [].slice.call(iterable || []);
  };

  // Its toJSON, by which a modern JSON.stringify makes a text of every list and a text in quotes of every text.
  Array.prototype.toJSON = function () {
    return '[' + this.map(function (one) { return JSON.stringify(one); }).join(', ') + ']';
  };
  String.prototype.toJSON = function () {
    return '"' + this + '"';
  };

  // MooTools: bind takes its arguments as a list, and the rest of the page leans on that.
  Function.prototype.bind = function (self, values) {
    var work = this;
    return function () {
      return work.apply(self, values || arguments);
    };
  };
  Function.prototype.delay = function (wait) {
    return setTimeout(this, wait);
  };
  String.prototype.contains = function (part) {
    return this.indexOf(part) > -1;
  };
  Element.prototype.toggle = Element.prototype.hide = Element.prototype.show = function () {
    return this;
  };

  // jQuery 1.2 under its two names, and a Promise that is none.
  window.$ = window.jQuery = function (selector) {
    return document.querySelectorAll(selector);
  };
  Object.extend = function (target, source) {
    for (var name in source) target[name] = source[name];
    return target;
  };
  window.Event = Object.extend(window.Event, { observe: function () {}, stop: function () {} });
})();
