// The native bridge: what stands between an app and the panel in the app's webview (`/chat/{site}`).
//
// Only the document of a site that allows apps loads this script, before `boot.js`. Where the window has none of the four
// objects by which a webview reaches its app, it does nothing, and the panel is a page of its own. Otherwise it stands in
// the place of the loader: it hands the panel a port, turns what the panel says there into messages for the app, and
// what the app says into the loader's words (`shared/src/protocol/host.rs`).
//
// Every message, in both directions, is JSON: `{v: 1, id, type, data}`. One of the app's that carries an `id` is answered
// by `{v: 1, id, type: 'ok' | 'error', data}`; ours are called `page-1` and so on. What is not understood is answered with an error and changes nothing.
//
// The link of a mail may open this page: `boot.js` takes its token, exchanges it once the app has said its session, and what it
// says into the port then is the session that the app is to keep.
//
// The app is trusted with its own visitor's session, and nobody else is listened to: this document cannot be framed and
// has no script but ours, so `causetteApp` can be called by whoever evaluates scripts in the webview alone.
(() => {
  'use strict';

  const VERSION = 1;
  const LONGEST = 65536; // characters of a message of the app
  const PATIENCE = 3; // seconds that an app may take to say which session it has kept
  const LONG_PATIENCE = 30; // the same of one that has answered too late before
  const SITE = location.pathname.split('/')[2];
  const AWAITED = `causette.${SITE}.app`; // in the tab's storage: there is an app, though a slow one
  const root = document.documentElement;

  const native = find();
  if (!native) return;

  const { port1: panel, port2: port } = new MessageChannel();
  let state = 'asking'; // asking | started | alone: nobody has answered, so the panel keeps its session itself
  let secret = null; // the session, as the panel or the app said it last
  let token; // the identity that the app gave and the panel has not asked for yet; null for nobody
  let isAwaited = false; // whether the panel waits for the app's identity
  let begin; // starts the panel with what `init` holds, or as a page of its own without
  let count = 0; // messages sent

  // ---- The app -----------------------------------------------------------------------------------------------------

  // The app's end: WKWebView, Android (and Flutter), React Native, wry. Each takes a text.
  function find() {
    const handlers = window.webkit && window.webkit.messageHandlers;
    const ends = [handlers && handlers.causette, window.causetteNative, window.ReactNativeWebView, window.ipc];
    return ends.find((end) => end && typeof end.postMessage == 'function');
  }

  function post(message) {
    try {
      native.postMessage(JSON.stringify({ v: VERSION, ...message }));
    } catch (error) {
      // An app that does not take its message is no reason for the panel to fail.
    }
  }

  function say(type, data = {}) {
    post({ id: `page-${++count}`, type, data });
  }

  function fail(id, kind) {
    post({ id, type: 'error', data: { kind } });
  }

  // ---- What the app says -------------------------------------------------------------------------------------------

  const isText = (value, longest) => typeof value == 'string' && value.length > 0 && value.length <= longest;
  const isLength = (value) => typeof value == 'number' && value >= 0 && value <= 10000;

  // Each takes a message's data and returns what is answered. A text that is returned says why it cannot be done.
  const takes = {
    __proto__: null,

    identify({ token: given }) {
      if (given !== null && !isText(given, 8192)) return 'data';
      token = given;
      // The panel asks for another identity as soon as it hears that there is one.
      if (isAwaited) identify();
      else if (state == 'started') panel.postMessage({ type: 'identify' });
      return {};
    },

    setLocale({ locale }) {
      if (!isText(locale, 35) || !/^[a-z]{2,3}([-_][a-z0-9]{2,8})*$/i.test(locale)) return 'data';
      const address = new URL(location.href);
      const base = (tag) => String(tag).split(/[-_]/)[0].toLowerCase();
      // The texts of one language travel with the document. A language that it was asked for already and does not have
      // would be asked for without end.
      if (base(locale) != base(root.lang) && address.searchParams.get('locale') != locale) {
        address.searchParams.set('locale', locale);
        // A link that led here and waits for the app's session leads there too (`boot.js`).
        if (window.causetteResume) address.hash = `causette=${window.causetteResume}`;
        location.replace(address);
      }
      return {};
    },

    setTheme({ theme }) {
      if (!isText(theme, 5) || !/^(auto|light|dark)$/.test(theme)) return 'data';
      panel.postMessage({ type: 'theme', theme });
      return {};
    },

    safeArea(insets) {
      const sides = ['top', 'right', 'bottom', 'left'];
      if (!sides.every((side) => isLength(insets[side]))) return 'data';
      sides.forEach((side) => root.style.setProperty(`--safe-${side}`, `${insets[side]}px`));
      safeBottom = insets.bottom;
      measure();
      return {};
    },

    keyboard({ height }) {
      if (!isLength(height)) return 'data';
      covered = height;
      measure();
      return {};
    },

    back() {
      const handled = goBack();
      // Behind the answer.
      if (!handled) setTimeout(() => say('closed'));
      return { handled };
    },

    session({ secret: kept }) {
      if (kept !== null && !(isText(kept, 43) && /^[\w-]{43}$/.test(kept))) return 'data';
      if (state == 'asking') {
        start(kept);
      } else if (state == 'alone') {
        // It has kept something after all: the document begins anew, and waits longer.
        if (!remember(AWAITED)) return 'late';
        setTimeout(() => {
          // The link that has led here leads there too (`boot.js`).
          if (window.causetteLed) history.replaceState(history.state, '', `#causette=${window.causetteLed}`);
          location.reload();
        });
      } else if (kept === null) {
        panel.postMessage({ type: 'logout' });
      } else if (kept != secret) {
        // Somebody else's: what this one has written is not theirs. The app says null first.
        return 'started';
      }
      return {};
    },
  };

  // Takes a message: an object, or its text.
  function receive(given) {
    const message = typeof given == 'string' ? parse(given) : given;
    if (!isObject(message)) return fail(undefined, 'shape');
    const { v, id, type, data = {} } = message;
    const isNamed = id === undefined || isText(id, 64) || Number.isSafeInteger(id);
    if (!isNamed || !isObject(data)) return fail(isNamed ? id : undefined, 'shape');
    if (v !== VERSION) return fail(id, 'version');
    const take = typeof type == 'string' && takes[type];
    if (!take) return fail(id, 'type');
    // A panel that is a page of its own takes nothing more until the document begins anew; but nobody is to be stuck in it.
    if (state == 'alone' && type != 'session' && type != 'back') return fail(id, 'late');
    const answer = take(data);
    if (typeof answer == 'string') fail(id, answer);
    else if (id !== undefined) post({ id, type: 'ok', data: answer });
  }

  function isObject(value) {
    return typeof value == 'object' && value !== null && !Array.isArray(value);
  }

  function parse(text) {
    try {
      return text.length <= LONGEST ? JSON.parse(text) : null;
    } catch (error) {
      return null;
    }
  }

  // An app that evaluates scripts calls this.
  Object.defineProperty(window, 'causetteApp', { value: (message) => receive(message) });
  // Android's listener answers here.
  if (native === window.causetteNative) native.onmessage = (event) => receive(event.data);
  // React Native makes an event by a script of its own, on the window or the document: on its way down both pass here. One
  // that came from another document is trusted by the browser, and so none of the app's.
  if (native === window.ReactNativeWebView) {
    const listen = ({ isTrusted, source, data }) => {
      const isOurs = !isTrusted && (!source || source === window);
      if (isOurs && isObject(typeof data == 'string' ? parse(data) : data)) receive(data);
    };
    window.addEventListener('message', listen, true);
  }

  // ---- The panel ---------------------------------------------------------------------------------------------------

  window.causettePanel = new Promise((resolve) => (begin = resolve));

  function start(kept) {
    state = 'started';
    secret = kept;
    // Nobody's session: what a person before has left unsent here is not for whoever comes now.
    if (!kept) clear();
    panel.postMessage({ type: 'viewport', sheet: true });
    const { theme } = root.dataset;
    const config = { session: kept, identity: !!token, open: true, minimizable: false, theme };
    begin({ origin: location.origin, config, port });
    ['click', 'auxclick'].forEach((type) => document.addEventListener(type, follow, true));
    if (window.visualViewport) visualViewport.addEventListener('resize', measure);
  }

  panel.onmessage = ({ data }) => {
    if (data.type == 'ready') say('ready');
    if (data.type == 'session') keep(data.secret);
    if (data.type == 'forget') {
      keep(null);
      location.reload();
    }
    if (data.type == 'unread') say('unread', { count: data.count });
    if (data.type == 'needIdentity') identify();
    if (data.type == 'minimise') say('closed');
    if (data.type == 'event' && data.name == 'error') say('error', { kind: data.data.kind });
  };
  window.addEventListener('causette:failed', () => say('error', { kind: 'failed' }));

  // A token is short-lived: each is handed over once, and the next is the app's to give.
  function identify() {
    isAwaited = token === undefined;
    if (isAwaited) return say('needIdentity');
    panel.postMessage({ type: 'identity', token });
    token = undefined;
  }

  function keep(fresh) {
    secret = fresh;
    say('session', { secret });
  }

  // What is open is closed by the key that closes it at a desk; whatever takes that key says so.
  function goBack() {
    const key = { key: 'Escape', bubbles: true, cancelable: true };
    return !(document.activeElement || document.body).dispatchEvent(new KeyboardEvent('keydown', key));
  }

  // A link is the app's to open: the webview stays with the chat.
  function follow(event) {
    const link = event.target.closest && event.target.closest('a[href]');
    if (!link) return;
    event.preventDefault();
    if (/^(https?|mailto|tel):$/.test(link.protocol)) say('openUrl', { url: link.href });
  }

  // ---- Room for the keyboard ---------------------------------------------------------------------------------------

  let covered = 0; // of the keyboard over the webview, as the app says
  let safeBottom = 0;

  // As high as what the keyboard leaves, whoever makes room for it: an app that makes the webview smaller, an engine that
  // makes the visual viewport smaller, or nobody, and then the app says how much is covered.
  function measure() {
    const seen = window.visualViewport ? visualViewport.height * visualViewport.scale : innerHeight;
    const height = Math.min(seen, innerHeight - covered);
    root.style.setProperty('--height', `${Math.max(0, Math.round(height))}px`);
    // Below the keyboard there is no edge of the screen to keep clear of.
    root.style.setProperty('--safe-bottom', `${covered ? 0 : safeBottom}px`);
  }

  // ---- Storage, which a webview may refuse --------------------------------------------------------------------------

  function remember(key) {
    try {
      sessionStorage.setItem(key, '1');
      return true;
    } catch (error) {
      return false;
    }
  }

  function recalls(key) {
    try {
      return sessionStorage.getItem(key) !== null;
    } catch (error) {
      return false;
    }
  }

  function clear() {
    try {
      Object.keys(localStorage)
        .filter((key) => key.startsWith(`causette.${SITE}.`))
        .forEach((key) => localStorage.removeItem(key));
    } catch (error) {
      // Nothing can be kept, so nothing was.
    }
  }

  // ---- Start -------------------------------------------------------------------------------------------------------

  // An app that knows nothing of us, such as another's browser in an app, does not answer: the panel is a page of its own.
  setTimeout(() => {
    if (state != 'asking') return;
    state = 'alone';
    begin();
  }, (recalls(AWAITED) ? LONG_PATIENCE : PATIENCE) * 1000);
  say('needSession');
})();
