// The first script of the panel's document: classic, in the head, run before anything else.
//
// It listens for the loader at once, because the loader posts `init` when the document has loaded, which may be well
// before the wasm is there; then it starts the widget. The names of glue and wasm come from data attributes, so that
// these bytes stay the same when those files change.
(function () {
  'use strict';

  var data = document.currentScript.dataset;

  var site = location.pathname.split('/')[2];
  // The token of a link that led to this page itself, until it is exchanged: where the bridge finds it too.
  window.causetteResume = '';
  // The same, for good: an app that says its session too late has the page begin anew with it.
  window.causetteLed = '';

  // What the loader has to say, kept for the widget: { origin, config, port }. Only the window that frames us is
  // listened to, and only once. What waits in the port is not lost: a port holds its messages until it is started.
  if (window.parent !== window) window.causettePanel = new Promise(function (resolve) {
    window.addEventListener('message', function listen(event) {
      var message = event.data;
      if (!event.isTrusted || event.source !== window.parent || !message || message.causette !== 1) return;
      if (message.type !== 'init' || !message.config || !event.ports[0]) return;
      window.removeEventListener('message', listen);
      var told = { origin: event.origin, config: message.config, port: event.ports[0] };
      if (!told.config.resume) resolve(told);
      else resume(told, told.config.resume).then(resolve, fail);
    });
  });
  // As a page of its own the panel has no loader: its parent would be itself, and what an app's bridge has put here, a
  // promise of the same, stays. The links of mails lead here where a site has no page.
  else {
    if (take()) {
      var app = window.causettePanel;
      window.causettePanel = new Promise(function (resolve) {
        // An app says first which session it has kept.
        Promise.resolve(app).then(function (told) {
          return resume(told, window.causetteResume);
        }).then(resolve, fail);
      });
    }
    window.addEventListener('hashchange', function () {
      if (take()) Promise.resolve(window.causettePanel).then(replace).catch(fail);
    });
  }

  // Takes the token of a link out of our own address, as the loader does on its page: at once, and out of the history.
  function take() {
    var found = /^#causette=([\w-]{20,})/.exec(location.hash);
    if (!found) return false;
    window.causetteResume = window.causetteLed = found[1];
    history.replaceState(history.state, '', location.href.split('#')[0]);
    return true;
  }

  // A link was opened in a page that is there already: its conversation begins with a document of its own.
  function replace(told) {
    var token = window.causetteResume;
    // A second one came while the first waited, and was taken in its place.
    if (!token) return;
    // What keeps nothing would have to exchange it again.
    if (told && told.isStandIn) return restart(token);
    return claim(token).then(function (secret) {
      if (!secret) return;
      var isKept = hand(told, secret) === told;
      // Behind the message by which the app hears of its session.
      // A link that was opened meanwhile is the next.
      setTimeout(function () {
        restart(isKept ? window.causetteResume : token);
      });
    });
  }

  // This document anew, with the token that has led to it where that is still to be exchanged.
  function restart(token) {
    if (token) history.replaceState(history.state, '', '#causette=' + token);
    location.reload();
  }

  function resume(told, token) {
    return claim(token).then(function (secret) {
      return secret ? hand(told, secret) : told;
    });
  }

  // The page was reached through the link in a mail: its token is exchanged for a session of that conversation, minted
  // here, so that the exchange can be repeated. Only this POST spends the link. A link that opens nothing gives none.
  function claim(token) {
    var bytes = crypto.getRandomValues(new Uint8Array(32));
    var secret = btoa(String.fromCharCode.apply(null, bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace('=', '');
    return persist('resume', { token: token, session: secret }, 4).then(function (status) {
      if (token === window.causetteResume) window.causetteResume = '';
      if (status < 300) return secret;
      if (status !== 404 && status !== 409 && status !== 410) throw new Error('the link cannot be used now: ' + status);
      parsed.then(function () {
        explain(token);
      });
    });
  }

  // Hands the session to the panel, and to whoever keeps it: the loader or the app; without either the storage where the
  // widget looks for it (widget/src/setup.rs). In a browser that keeps nothing somebody stands in who keeps nothing either.
  function hand(told, secret) {
    if (!told || told.isStandIn) {
      try {
        localStorage.setItem('causette.' + site + '.session', secret);
        return undefined;
      } catch (error) {
        var channel = new MessageChannel();
        channel.port2.postMessage({ type: 'viewport', sheet: true });
        var config = { open: true, minimizable: false };
        told = { origin: location.origin, config: config, port: channel.port1, isStandIn: true };
      }
    }
    told.config.session = secret;
    told.config.resumed = true;
    told.port.postMessage({ type: 'session', secret: secret });
    return told;
  }

  // The same again after a pause, while the network or the server fails: an answer that was lost costs no second claim.
  function persist(what, body, times) {
    function again(error) {
      if (times <= 1) throw error;
      return new Promise(function (resolve) {
        setTimeout(resolve, 1000);
      }).then(function () {
        return persist(what, body, times - 1);
      });
    }
    return ask(what, body).then(function (status) {
      return status === 429 || status >= 500 ? again(new Error('refused for now: ' + status)) : status;
    }, again);
  }

  function ask(what, body) {
    body.site = site;
    return fetch('/api/v1/visitor/' + what, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).then(function (response) {
      return response.status;
    });
  }

  // The link is spent or too old: said kindly, with the way to a new one, which goes to the same address. The notice goes
  // when it is dismissed, or by itself a while after there is nothing more to do with it.
  function explain(token) {
    var box = document.createElement('div');
    var text = document.createElement('p');
    var renew = button('boot-failure__retry', data.renew, function () {
      renew.disabled = true;
      ask('resume/renew', { token: token }).then(
        function (status) {
          text.textContent = (status < 300 || status === 429 ? data.renewed : data.unknown) || '';
          if (box.contains(document.activeElement)) dismiss.focus();
          renew.remove();
          leave(20000);
        },
        function () {
          renew.disabled = false;
          renew.focus();
        },
      );
    });
    var dismiss = button('boot-notice__dismiss', '', function () {
      var had = box.contains(document.activeElement);
      box.remove();
      var composer = document.querySelector('textarea');
      if (had && composer) composer.focus();
    });
    dismiss.setAttribute('aria-label', data.dismiss || '');
    box.className = 'boot-notice';
    box.addEventListener('keydown', function (event) {
      if (event.key !== 'Escape') return;
      // Not the panel's Escape, which minimises it.
      event.stopPropagation();
      dismiss.click();
    });
    text.setAttribute('role', 'status');
    box.append(text, renew, dismiss);
    document.body.append(box);
    // A live region speaks of what enters it, not of what it came with.
    setTimeout(function () {
      text.textContent = data.spent || '';
    }, 100);
    leave(120000);

    // Whoever is at it is waited for.
    function leave(after) {
      setTimeout(function () {
        if (box.matches(':hover, :focus-within')) leave(after);
        else box.remove();
      }, after);
    }
  }

  function button(name, label, act) {
    var made = document.createElement('button');
    made.type = 'button';
    made.className = name;
    made.textContent = label || '';
    made.addEventListener('click', act);
    return made;
  }

  // The names are relative to the document, whereas import() would take them as relative to this script.
  function address(name) {
    return new URL(name, document.baseURI).href;
  }

  var parsed = new Promise(function (resolve) {
    if (document.readyState !== 'loading') resolve();
    else document.addEventListener('DOMContentLoaded', resolve);
  });

  // A plain text and a button, in the visitor's language; it replaces whatever the document shows while it loads.
  function fail(error) {
    console.error(error);
    window.dispatchEvent(new Event('causette:failed'));
    parsed.then(function () {
      var box = document.createElement('div');
      var text = document.createElement('p');
      box.className = 'boot-failure';
      box.setAttribute('role', 'alert');
      text.textContent = data.failed || '';
      var retry = button('boot-failure__retry', data.retry, function () {
        restart(window.causetteResume);
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
