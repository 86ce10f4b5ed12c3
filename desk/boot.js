// The first script of the desk's document: classic, in the head. It starts the desk, and says so when that fails.
//
// The names of glue and wasm come from data attributes, so that these bytes stay the same when those files change.
(function () {
  'use strict';

  var data = document.currentScript.dataset;

  // The names are relative to the document, whereas import() would take them as relative to this script.
  function address(name) {
    return new URL(name, document.baseURI).href;
  }

  var parsed = new Promise(function (resolve) {
    if (document.readyState !== 'loading') resolve();
    else document.addEventListener('DOMContentLoaded', resolve);
  });

  // A plain text and a button, in the agent's language; it replaces whatever the document shows while it loads.
  function fail(error) {
    console.error(error);
    parsed.then(function () {
      var box = document.createElement('div');
      var text = document.createElement('p');
      var retry = document.createElement('button');
      box.className = 'boot-failure';
      box.setAttribute('role', 'alert');
      text.textContent = data.failed || '';
      retry.type = 'button';
      retry.className = 'boot-failure__retry';
      retry.textContent = data.retry || '';
      retry.addEventListener('click', function () {
        location.reload();
      });
      box.append(text, retry);
      document.body.replaceChildren(box);
    });
  }

  Promise.all([import(address(data.glue)), parsed])
    .then(function (loaded) {
      return loaded[0].default({ module_or_path: address(data.wasm) });
    })
    .catch(fail);
})();
