// The loader: the only code of Causette that a page loads before its visitor's first act.
//
// It draws the launcher and its greeting bubble, keeps the session secret in a cookie of the customer's domain, and takes
// the page's commands. At the visitor's first act it opens the panel (an iframe of our origin) and imports its own second
// half, `panel.js`, which shows the panel and speaks with it. Before that act it requests nothing and, without consent,
// stores nothing.
//
// Rules that every line here keeps, and in `panel.js` too:
// - It never throws into the host page: whatever is entered from outside goes through `safely`.
// - It trusts nothing inherited: what is looked up by a name that may be missing has no prototype or is asked for an
//   own property, so a page with a hostile `Object.prototype` cannot speak through it.
// - It works under `style-src 'self'` and `require-trusted-types-for 'script'`: styles live in constructed sheets,
//   nodes are made one by one, nothing is parsed as HTML. Icons are drawn with borders: they need no image, weigh
//   less than paths, and forced colours repaint them.
// - There is no `message` listener on the window. The panel speaks only through the port that was posted to our exact
//   origin, so no other frame can be mistaken for it.
//
// The server puts the site's published settings in place of the one token in capitals below. The build minifies both
// files; the budget (4 KiB of brotli with the settings in it) is why style sheet and options are written tersely.
(() => {
  // Before the site's settings stand the options that only a page can give. Every key here is an option.
  const settings = {
    target: null,
    flow: null,
    cookieDomain: null,
    clientId: null,
    launcher: 'default',
    identity: null,
    country: null,
    dataLayer: false,
    ...__CAUSETTE_SETTINGS__,
  };
  let script, origin;

  // The attributes of `#hdAttributes`, for sites that come from Heyday, where their names are not ours.
  const HEYDAY = {
    __proto__: null,
    state: 'widget_state',
    flow: 'ref',
    consent: 'cookie_consent',
    clientId: 'external_id',
    greeting: 'welcome_message',
    closeDelay: 'delay_close',
    cookieTtl: 'cookie_ttl',
  };
  // What an option must be, as an alternative of patterns that is shown to whoever gave another value. Numbers and
  // booleans need none: the site's own setting tells what they are.
  const RULES = {
    __proto__: null,
    state: 'welcome|chat|close',
    theme: 'auto|light|dark',
    flow: '.{1,40}',
    target: 'selector',
    consent: '0|1|2|3',
    country: '[A-Z]{2}',
    color: 'CSS colour',
    launcher: 'selector',
    position: 'bottom-right|bottom-left|inline',
  };
  // Where the texts stand in the line that the server makes of a language (server/src/http/embed.rs).
  const CLOSE = 0, DISMISS = 1, FAILED = 2, OPEN = 3;
  const PANEL_DEADLINE = 20; // seconds until a panel that has not said `ready` counts as failed

  // ---- Looks -------------------------------------------------------------------------------------------------------

  // The first rule is empty: `render` puts what changes at run time in its place, so that no element needs a style
  // attribute. The colour scheme there makes the system colours light or dark. --c colour, --x --y offsets, --g room for the launcher. Sides are the page's own: of a page that is read from right to left, the left.
  const LOOKS =
    ':host{}' +
    '[hidden]{display:none!important}' +
    'aside{font:15px/1.5 system-ui;color:CanvasText}' +
    'button{all:unset;border:1px solid #0000;border-radius:30px;display:block;cursor:pointer}' +
    '.fab,.note,.panel{position:fixed;bottom:var(--y);inset-inline-end:var(--x);background:Canvas;' +
    'box-shadow:0 4px 28px #0004}' +
    '.panel{visibility:hidden}' +
    '.bottom-left>*{inset-inline:var(--x) auto}' +
    '.fab{display:grid;place-content:center;width:58px;height:58px;background:var(--c);color:#fff;transition:.15s}' +
    // Any colour, made opaque; black or white is drawn on it, whichever contrasts more: at the lightness 49.4 both are as
    // far away, 4.58 to 1 by the formula of WCAG 2.2. Browsers from before 2024 draw white on the colour as it is.
    '@supports(color:lab(from red l a b)){.fab{background:rgb(from var(--c) r g b/1);' +
    'color:lab(from var(--c) calc((49.4 - l)*999) 0 0/1)}}' +
    // A line drawn bubble that turns into a chevron.
    '.fab:before{content:"";padding:10px;border:3px solid;border-radius:30px 30px 30px 6px;transition:.15s}' +
    '.chat .fab:before{padding:6px;border-width:0 3px 3px 0;border-radius:0;transform:translateY(-4px) rotate(45deg)}' +
    'button:focus-visible{outline:3px solid CanvasText;outline-offset:2px;box-shadow:0 0 0 2px Canvas}' +
    '.said{position:fixed;clip-path:inset(50%)}' +
    '.note{margin-bottom:var(--g);border:1px solid #8883;border-radius:16px;' +
    'max-width:min(280px,100vw - 2*var(--x));animation:in .15s}' +
    '.text{padding:14px 18px;padding-inline-end:44px;border-radius:16px;overflow-wrap:anywhere}' +
    '.x{position:absolute;top:8px;inset-inline-end:8px;width:30px;font-size:22px;line-height:30px;text-align:center}' +
    // In an element of the page: the bubble above the launcher moves nothing, until the panel takes their place.
    '.inline{position:relative}' +
    '.inline .fab{position:static}' +
    '.inline .note{position:absolute;inset-inline:0 auto;bottom:100%;margin-bottom:14px}' +
    '@keyframes in{0%{opacity:.3}}' +
    '@media print{aside{display:none}}' +
    '@media(prefers-reduced-motion){*,:before,:after{animation:none!important;transition:none!important}}';

  // ---- State -------------------------------------------------------------------------------------------------------

  const option = { __proto__: null }; // what holds now, every source merged
  const given = { __proto__: null }; // what `boot` and `update` were given
  const warned = { __proto__: null };
  // What both halves know: the frame, the port to it, whether it is `ready`, where the focus is that is `wanted` there, what the
  // page has `told` that each new panel is to know, the token of the link that led here, until the panel has it, the number
  // of `unread` messages, whether the `bubble` is there, and what it says instead of the greeting: the last unread message,
  // or that the panel failed.
  const chat = { __proto__: null, option, told: [], unread: 0, notice: '' };
  let state; // welcome | chat | close
  let secret = null;
  let texts;
  let handlers = []; // [type, function, once]
  let lives = 20;
  let queue; // commands given before the start, then null
  let half; // the promise of our second half
  let again = ''; // behind its address, as some browsers never ask again for a module that has failed
  let panel; // what it made
  let host, styles, section, note, words, dismiss, fab, said, bubbleTimer;

  const observer = new MutationObserver(() => later(attach, 0));

  // ---- Small tools -------------------------------------------------------------------------------------------------

  function safely(work, ...values) {
    try {
      return work(...values);
    } catch (error) {
      // A chat that fails must not be noticed by the page around it.
    }
  }

  // Of a copy that inherits nothing.
  function own(object, key) {
    return { __proto__: null, ...object }[key];
  }

  function later(work, seconds) {
    return setTimeout(safely, seconds * 1000, work);
  }

  function listen(target, type, work) {
    target.addEventListener(type, (event) => safely(work, event));
  }

  function make(tag, parent, className, text) {
    const node = document.createElement(tag);
    node.className = className;
    node.textContent = text;
    return parent.appendChild(node);
  }

  function button(parent, className, work, text) {
    const node = make('button', parent, className, text);
    listen(node, 'click', work);
    return node;
  }

  function label(node, text) {
    node.setAttribute('aria-label', text);
  }

  function warn(key, ...why) {
    if (!warned[key]) console.warn('Causette:', key, ...why);
    warned[key] = 1;
  }

  // ---- Options: boot > data-* > #hdAttributes > the site's settings ------------------------------------------------

  // Whether a value is what the option must be: what has no rule must be of the type of the site's setting, and
  // where that is an object, or nothing, it may be anything.
  function fits(key, value, fallback) {
    const rule = RULES[key] || typeof fallback;
    const good = safely(() =>
      key == 'color'
        ? CSS.supports(key, value)
        : rule == 'selector'
        ? [document.querySelector(value)]
        : rule == 'number'
        ? value >= 0 && value < 1 / 0
        : rule == 'object' || RegExp(`^(${rule == 'boolean' ? 'true|false|0|1' : rule})$`).test(value)
    );
    if (!good) warn(key, 'must be a', rule, 'and is', value);
    return good;
  }

  function configure(values) {
    const heyday = document.getElementById('hdAttributes');
    Object.assign(given, values);
    Object.keys(settings).forEach((key) => {
      // What the site says of these two comes last, behind what the browser knows; see `start` and below.
      const fallback = /^(state|locale)$/.test(key) ? null : settings[key];
      const value = [given[key], own(script.dataset, key), heyday && heyday.getAttribute(HEYDAY[key] || key)].find(
        (one) => one != null && one !== ''
      );
      option[key] = value == null || !fits(key, value, fallback) ? fallback : value;
      if (typeof fallback == 'number') option[key] = +option[key];
      if (typeof fallback == 'boolean') option[key] = !/^(false|0)$/.test(option[key]);
    });
    const tags = [option.locale, document.documentElement.lang, ...navigator.languages, settings.locale, 'en'];
    option.locale = tags
      .map((tag) => `${tag}`.slice(0, 2).toLowerCase())
      .find((tag) => own(settings.texts, tag));
    texts = settings.texts[option.locale].split('|');
    // A text; or texts by language, among which `#` and the name of a flow lead to those of the flow.
    option.greeting = ['#' + option.flow, option.locale, 'en'].reduce(
      (said, tag) => own(said, tag) || said,
      option.greeting
    );
  }

  // ---- Memory: one cookie, `1.{secret}.{state}` --------------------------------------------------------------------

  // Finds [, secret, state].
  function remembered() {
    return safely(() => RegExp(`\\bcausette_${settings.site}=1.([\\w-]{43})?.(${RULES.state})`).exec(document.cookie)) || [];
  }

  // Another tab may have begun the conversation since.
  function recall() {
    return (secret = remembered()[1] || secret);
  }

  // Without consent to personalisation only a conversation, which the visitor began, may be remembered.
  function remember() {
    const keep = secret || option.consent & 1;
    const days = keep ? Math.min(option.cookieTtl, 395) : -1;
    if (keep || remembered()[0])
      safely(() => {
        document.cookie =
          `causette_${settings.site}=1.${secret || ''}.${state};path=/;samesite=lax` +
          (days ? ';max-age=' + days * 86400 : '') +
          (option.cookieDomain ? ';domain=' + option.cookieDomain : '') +
          (location.protocol[4] == 's' ? ';secure' : '');
      });
  }

  // ---- Resume link: `#causette=<token>` ----------------------------------------------------------------------------

  // The token is a secret: it leaves the address bar and the history at once, and stays in memory alone. Cut from the whole
  // address, because a path that begins with two slashes would read as another site.
  function claim() {
    const [, token] = /^#causette=([\w-]{20,})/.exec(location.hash) || [];
    if (!token) return;
    chat.resume = token;
    history.replaceState(history.state, '', location.href.split('#')[0]);
    if (!host) return;
    // The link was opened in a page that is already there: a panel that starts anew takes the token as any does.
    unload();
    go('chat');
    load();
  }

  // ---- Events ------------------------------------------------------------------------------------------------------

  function emit(type, detail) {
    const event = 'causette:' + type;
    handlers
      .filter((one) => one[0] == type)
      .forEach((one) => {
        if (one[2]) forget(one);
        safely(one[1], detail);
      });
    document.dispatchEvent(new CustomEvent(event, { detail }));
    if (option.dataLayer) (window.dataLayer ||= []).push({ event, causette: detail });
  }

  function forget(handler) {
    handlers = handlers.filter((one) => one != handler);
  }

  // ---- Drawing -----------------------------------------------------------------------------------------------------

  // Puts a style sheet into the shadow root. Before Safari 16.4 and Firefox 101 a strict policy leaves nothing of it, and
  // the chat stays hidden.
  function dress(text) {
    const root = host.shadowRoot;
    if (!root.adoptedStyleSheets) return make('style', root, '', text).sheet;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    return sheet;
  }

  function build() {
    host = document.createElement('causette-chat');
    const root = host.attachShadow({ __proto__: null, mode: 'open' });
    styles = dress(LOOKS);
    section = chat.section = make('aside', root);
    section.hidden = true;
    chat.slot = make('div', section, 'panel');
    note = make('div', section, 'note');
    note.dir = 'auto';
    words = button(note, 'text', () => go('chat', true));
    dismiss = button(note, 'x', () => (fab.focus(), hush()), '×');
    fab = button(section, 'fab', toggle);
    // A live region stands from the start, so that a screen reader hears what is written into it.
    said = make('output', section, 'said');
    // The visitor's own act: reaching for the launcher, by mouse or finger, fetches the panel ahead of the click.
    listen(fab, 'pointerenter', load);
    listen(section, 'keydown', (event) => {
      if (event.key == 'Escape') (state != 'chat' ? hush : minimise)();
    });
  }

  // Draws what the state says; may be called at any time.
  function render() {
    const open = state == 'chat';
    const inline = option.position == 'inline';
    section.className = [state, option.position, chat.ready && 'ready'].join(' ');
    chat.covered = open && (inline || !option.minimizable);
    label(fab, open ? texts[CLOSE] : texts[OPEN]);
    fab.setAttribute('aria-expanded', open);
    note.hidden = open || !chat.bubble;
    words.textContent = chat.notice || option.greeting;
    label(dismiss, texts[DISMISS]);
    // What the panel's half adds to the style, and what a screen reader is to hear: written anew it would be said anew.
    const [more, heard] = panel ? panel.draw() : ['', chat.notice];
    if (said.textContent != heard) said.textContent = heard;
    fab.hidden = option.launcher != 'default' || chat.covered;
    // Another rule, for WebKit overlooks what has changed in one of `:host` (2.50).
    styles.deleteRule(0);
    styles.insertRule((
      `:host{all:initial;position:${inline ? 'static;display:block' : 'fixed'};` +
      `z-index:${option.zIndex};--c:${option.color};` +
      `color-scheme:${option.theme == 'auto' ? 'light dark' : option.theme};` +
      `--x:${option.offsetX}px;--y:${option.offsetY}px;--g:${fab.hidden ? 0 : 74}px;${more}}`
    ).replace(/;/g, '!important;'));
  }

  // ---- States ------------------------------------------------------------------------------------------------------

  function go(next, focus) {
    const before = state;
    const open = next == 'chat';
    const inside = document.activeElement == host;
    if (!host || !next || next == before || !fits('state', next)) return;
    recall();
    state = next;
    chat.bubble = false;
    clearTimeout(bubbleTimer);
    if (open) chat.notice = '';
    render();
    remember();
    tell(open ? 'shown' : 'hidden');
    chat.wanted = open && focus && document.activeElement;
    if (panel) panel.enter();
    if (!open && inside) (document.querySelector(option.launcher) || fab).focus();
    if (next == 'welcome') bubbleTimer = later(greet, option.greetingDelay);
    emit('state:changed', { state });
    if (open || before == 'chat') emit(open ? 'opened' : 'closed');
    // In Heyday's words.
    safely(window.hdOnWidgetStateChange, open ? 'opened' : next == 'close' ? 'closed' : next);
    if (open) load();
  }

  function greet() {
    chat.bubble = option.greeting;
    render();
    if (option.closeDelay) bubbleTimer = later(hush, option.closeDelay);
  }

  function hush() {
    go('close');
    chat.bubble = false;
    render();
  }

  function minimise() {
    if (option.minimizable) go('close');
  }

  function toggle() {
    go(state == 'chat' ? 'close' : 'chat', true);
  }

  // ---- Panel -------------------------------------------------------------------------------------------------------

  // The frame and our second half are fetched at the same time.
  function load() {
    if (chat.frame || !host.isConnected) return;
    if (!navigator.onLine) return lose();
    const frame = (chat.frame = document.createElement('iframe'));
    frame.sandbox = 'allow-scripts allow-same-origin allow-forms allow-popups allow-downloads';
    frame.src = `${origin}/widget/${settings.site}?locale=${option.locale}`;
    // A page that may not embed the site gets none, and the reason on its console.
    half ||= __CAUSETTE_PANEL__.catch(() => ((half = 0), (again += '?')));
    half.then((module) => {
      if (frame != chat.frame) return;
      // Handed over one by one: the names of an object's keys would travel.
      panel =
        panel ||
        safely(() =>
          module.default(
            chat, safely, make, own, emit, render, minimise, recall, dress,
            (fresh) => ((secret = fresh), remember()),
          ),
        );
      panel ? render() : lose();
    });
    // At every load of the frame: a page that moves our host element in its tree makes the frame load again.
    listen(frame, 'load', () => half.then(() => safely(() => panel.shake())));
    chat.slot.appendChild(frame);
    later(() => frame == chat.frame && !chat.ready && lose(), PANEL_DEADLINE);
  }

  function unload() {
    chat.frame?.remove();
    chat.frame = chat.port = chat.ready = null;
  }

  // The panel gives way to the bubble, which says so and tries again when pressed.
  function lose() {
    unload();
    if (state != 'chat') return;
    go('close');
    chat.notice = texts[FAILED];
    chat.bubble = true;
    render();
    emit('error', { kind: 'unreachable' });
  }

  // Says something to the panel, at the latest when there is one.
  function tell(type, values) {
    chat.told = [...chat.told, { ...values, type }].slice(-50);
    if (panel) panel.flush();
  }

  // ---- Commands ----------------------------------------------------------------------------------------------------

  const commands = {
    __proto__: null,
    // Also what brings the chat back after `destroy`.
    boot(values) {
      update(values);
      if (!host) start();
    },
    update,
    // Off the page, and the session off the device: for a host that signs its user out.
    shutdown() {
      destroy();
      commands.logout();
    },
    // The session off the device; the chat stays, as for somebody new.
    logout() {
      given.clientId = given.identity = secret = null;
      configure();
      // Whichever panel comes next forgets what was said before.
      tell('logout');
      remember();
    },
    destroy,
    open: () => go('chat', true),
    close: () => go('close'),
    toggle,
    show: () => reveal('shown'),
    hide: () => reveal('hidden'),
    identify: (identity) => update({ identity }),
    setLocale: (locale) => update({ locale }),
    setConsent: (consent) => update({ consent }),
    on: (...handler) => (handlers.push(handler), () => forget(handler)),
    once: (type, handler) => commands.on(type, handler, true),
    off(type, handler) {
      handlers = handlers.filter((one) => one[0] != type || one[1] != handler);
    },
    // That there is a session may be known, never which.
    get: (key) => ({ state, unread: chat.unread, session: !!secret })[key],
  };

  function update(values) {
    const place = () => [option.locale, option.position, option.target].join();
    const before = place();
    const { consent } = option;
    configure(values);
    if (!host) return;
    // What may be kept, and for how long, holds at once.
    remember();
    if (option.consent != consent) {
      tell('consent', option);
      emit('consent:changed', { consent: option.consent });
    }
    if (place() != before) {
      host.remove();
      unload();
      attach();
    }
    go(own(values, 'state'));
    tell('theme', option);
    if (own(values, 'identity')) tell('identify');
    render();
  }

  // What the panel alone can do.
  ['page', 'prefill', 'setAttributes', 'newConversation'].forEach((type) => {
    commands[type] = (values) => {
      tell(type, values);
      if (type[0] == 'n') go('chat', true);
    };
  });

  function reveal(type) {
    section.hidden = type == 'hidden';
    if (host && state == 'chat') tell(type);
  }

  function destroy() {
    if (panel) panel.stop();
    clearTimeout(bubbleTimer);
    unload();
    observer.disconnect();
    host.remove();
    host = panel = null;
  }

  function causette(command, ...values) {
    if (queue) return void queue.push([command, ...values]);
    if (commands[command]) return safely(() => commands[command](...values));
    warn(command, 'is no command');
  }

  // ---- Start -------------------------------------------------------------------------------------------------------

  // Into its place in the page, when that is there and we are not. Swaps of the page come one by one; a script that removes
  // whatever it does not know would go around in circles with us, so each time that we come back is one of twenty, and is
  // had again after twenty seconds.
  function attach() {
    const inline = option.position == 'inline';
    const place = document.querySelector(inline ? option.target : 'body');
    if (!host) return;
    [document.documentElement, document.body].forEach((node) =>
      observer.observe(node, { __proto__: null, childList: true, subtree: inline })
    );
    if (!place || host.isConnected || !lives) return;
    lives--;
    later(() => lives++, 20);
    place.appendChild(host);
    render();
    // Where a conversation exists its panel lives in the background, for presence and unread messages.
    if (secret || state == 'chat') load();
  }

  function start() {
    build();
    state = null;
    go((chat.resume && 'chat') || option.state || remembered()[2] || settings.state);
    section.hidden = false;
    attach();
  }

  function begin() {
    const waiting = queue;
    queue = null;
    // What was booted is known before anything is drawn.
    const rest = waiting.filter((entry) => entry[0] != 'boot' || safely(configure, entry[1]));
    configure();
    start();
    // The page's own button: no element is called `default` or `none`.
    listen(document, 'click', (event) => event.target.closest(option.launcher) && toggle());
    rest.forEach((entry) => causette(...entry));
    emit('ready');
  }

  safely(() => {
    const stub = window.causette;
    if (own(stub, 'version')) return;
    // `currentScript` is null where a bundler or a tag manager turned the snippet into a module, and an element of the page
    // where one has taken its name.
    script = [document.currentScript, document.querySelector(`script[src*="/embed/${settings.site}"]`)].find(
      (one) => one?.text != null
    );
    chat.origin = origin = new URL(script.src).origin;
    queue = [...(own(stub, 'q') || [])];
    causette.version = 1;
    window.causette = causette;
    safely(claim);
    listen(window, 'hashchange', claim);
    if (document.readyState == 'loading') listen(document, 'DOMContentLoaded', begin);
    else begin();
  });
})();
