// The loader: the only code of Causette that runs in a customer's page.
//
// It draws the launcher and its greeting bubble, and opens the panel (an iframe of our origin) at the visitor's first
// act. It keeps the session secret in a cookie of the customer's domain and hands it to the panel over a transferred
// MessagePort. Before that act it requests nothing and, without consent, stores nothing.
//
// Rules that every line here keeps:
// - It never throws into the host page: whatever is entered from outside goes through `safely`.
// - It trusts nothing inherited: what is looked up by a name that may be missing has no prototype or is asked for an
//   own property, so a page with a hostile `Object.prototype` cannot speak through it.
// - It works under `style-src 'self'` and `require-trusted-types-for 'script'`: styles live in a constructed sheet,
//   nodes are made one by one, nothing is parsed as HTML. Icons are drawn with borders: they need no image, weigh
//   less than paths, and forced colours repaint them.
// - There is no `message` listener on the window. The panel speaks only through the port that was posted to our exact
//   origin, so no other frame can be mistaken for it.
//
// The server puts the site's published settings in place of the one token in capitals below. The build minifies this
// file; the budget (4 KiB of brotli with the settings in it) is why style sheet and options are written tersely.
(() => {
  // Before the site's settings stand the options that only a page can give. Every key here is an option.
  const settings = {
    country: null,
    flow: null,
    cookieDomain: null,
    launcher: null,
    dataLayer: false,
    ...__CAUSETTE_SETTINGS__,
  };
  // `currentScript` is null where a bundler or a tag manager turned the snippet into a module.
  const script = document.currentScript || document.querySelector(`script[src*="/embed/${settings.site}"]`);
  const origin = new URL(script.src).origin;

  // The attributes of `#hdAttributes`, for sites that come from Heyday, where their names are not ours.
  const HEYDAY = {
    __proto__: null,
    state: 'widget_state',
    closeDelay: 'delay_close',
    cookieTtl: 'cookie_ttl',
    consent: 'cookie_consent',
    greeting: 'welcome_message',
    flow: 'ref',
  };
  // Where the texts stand in the line that the server makes of a language (server/src/http/embed.rs).
  const CLOSE = 0, DISMISS = 1, FAILED = 2, OPEN = 3, PANEL = 4, UNREAD = 5;
  const PANEL_DEADLINE = 20; // seconds until a panel that has not said `ready` counts as failed

  // ---- Looks -------------------------------------------------------------------------------------------------------

  // The first rule is empty: `render` writes into it what changes at run time, so that no element needs a style
  // attribute. The colour scheme there makes the system colours light or dark, and keeps a loading iframe from flashing
  // white. --c colour, --o what is drawn on it, --x --y offsets, --g room for the launcher, --t --h top and height of a
  // full-screen panel.
  const CSS =
    ':host{}' +
    '[hidden]{display:none!important}' +
    'aside{font:15px/1.5 system-ui;color:CanvasText}' +
    'button{all:unset;border:1px solid #0000;border-radius:30px;display:block;cursor:pointer}' +
    '.fab,.note,.panel{position:fixed;bottom:var(--y);right:var(--x);background:Canvas;' +
    'box-shadow:0 4px 28px #0004}' +
    '.bottom-left>*{right:auto;left:var(--x)}' +
    '.fab{display:grid;place-content:center;width:58px;height:58px;background:var(--c);color:var(--o);' +
    'transition:.15s}' +
    '.fab:hover{transform:scale(1.06)}' +
    '.fab:active{transform:none}' +
    // A line drawn bubble that turns into a chevron.
    '.fab:before{content:"";padding:10px;border:3px solid;border-radius:30px 30px 30px 6px;transition:.15s}' +
    '.chat .fab:before{padding:6px;border-width:0 3px 3px 0;border-radius:0;transform:translateY(-4px) rotate(45deg)}' +
    'button:focus-visible{outline:3px solid CanvasText;outline-offset:2px;box-shadow:0 0 0 2px Canvas}' +
    '.badge{position:absolute;top:-4px;right:-4px;min-width:22px;border-radius:30px;background:#c8102e;color:#fff;' +
    'font-size:12px;line-height:22px;text-align:center}' +
    '.said{position:fixed;clip-path:inset(50%)}' +
    '.note,.panel{margin-bottom:var(--g);border:1px solid #8883;border-radius:16px}' +
    '.note{max-width:min(280px,100vw - 2*var(--x));animation:in .15s}' +
    '.text{padding:14px 18px;padding-inline-end:44px;border-radius:16px;overflow-wrap:anywhere}' +
    '.x{position:absolute;top:8px;inset-inline-end:8px;width:30px;font-size:22px;line-height:30px;text-align:center}' +
    '.panel{width:min(400px,100vw - 2*var(--x));height:min(640px,100vh - var(--g) - 2*var(--y));overflow:hidden;' +
    'visibility:hidden;opacity:0;transform:translateY(8px);transition:.15s}' +
    // Visible at once: what is still hidden cannot take the focus.
    '.chat .panel{visibility:visible;opacity:1;transform:none;transition:.15s,visibility 0s}' +
    '.sheet .panel{inset:var(--t) 0 auto;width:100%;height:var(--h);margin:0;border:0;border-radius:0}' +
    // Until the panel is there: the face in its head and its text box, in their places.
    '.panel:before,.panel:after{position:absolute;inset:auto 16px 12px;content:"";height:40px;' +
    'border-radius:30px;background:#8883;animation:in 1s 20 alternate}' +
    '.panel:before{top:12px;width:40px;background:var(--c)}' +
    'iframe{position:relative;z-index:1;width:100%;height:100%;border:0;opacity:0;transition:.15s}' +
    '.ready iframe{opacity:1}' +
    '@keyframes in{0%{opacity:.3}}' +
    '@media(prefers-reduced-motion){*,:before,:after{animation:none!important;transition:none!important}}';

  // ---- State -------------------------------------------------------------------------------------------------------

  const option = { __proto__: null }; // what holds now, every source merged
  const given = { __proto__: null }; // what `boot` and `update` were given
  let handlers = []; // [type, function, once]
  let queue; // commands given before the start, then null
  let texts, locale, greeting, color, ink;
  let state; // welcome | chat | close
  let secret = null;
  let prefill = null;
  let resume = null; // the token of the link that led here, until the panel has it
  let bubble = false;
  let notice = ''; // what the bubble says instead of the greeting: the last unread message, or that the panel failed
  let unread = 0;
  let mark = ''; // what we put before the page's title
  let ready = false;
  let wanted = false; // the focus is to go into the panel
  let host, styles, section, panel, note, words, dismiss, fab, badge, said;
  let frame, port, bubbleTimer;

  const observer = new MutationObserver(() => later(attach, 0));

  // ---- Small tools -------------------------------------------------------------------------------------------------

  function safely(work, argument) {
    try {
      return work(argument);
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

  // ---- Options: boot > data-* > #hdAttributes > the site's settings ------------------------------------------------

  function configure(values) {
    const heyday = document.getElementById('hdAttributes');
    Object.assign(given, values);
    Object.keys(settings).forEach((key) => {
      // The site's own `state` is for the first visit alone; see `start`.
      const fallback = key == 'state' ? null : settings[key];
      const value = [
        given[key],
        own(script.dataset, key),
        heyday && heyday.getAttribute(HEYDAY[key] || key),
        fallback,
      ].find((one) => one != null);
      // The type of the site's setting is the type of the option; a number that is none is as if it had not been given.
      option[key] = value;
      if (typeof fallback == 'number') option[key] = value >= 0 ? +value : fallback;
      if (typeof fallback == 'boolean') option[key] = !/^(false|0)$/.test(value);
    });
    locale = option.locale == 'auto' ? document.documentElement.lang || navigator.language : option.locale;
    locale = locale.slice(0, 2).toLowerCase();
    if (!own(settings.texts, locale)) locale = 'en';
    texts = settings.texts[locale].split('|');
    greeting = own(option.greeting, locale) || own(option.greeting, 'en') || option.greeting;
  }

  // The browser turns any CSS colour into numbers for us: rgb() with bytes, or color(srgb …) with fractions.
  // Black or white is drawn on it, whichever contrasts more. The simple power 2.2 stands for the curve of sRGB: tried on all
  // 16.7 million colours, the contrast of WCAG 2.2 is never below 4.52 to 1.
  function paint() {
    const probe = make('i', section);
    // Not `style.color`: some engines look such names up on Object.prototype first.
    [option.color, `color-mix(in srgb,${option.color},${option.color})`].forEach((value) =>
      probe.style.setProperty('color', value)
    );
    color = getComputedStyle(probe).getPropertyValue('color');
    probe.remove();
    const [red, green, blue] = color
      .match(/[\d.]+/g)
      .map((channel) => (channel / (color[0] == 'r' ? 255 : 1)) ** 2.2);
    ink = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 ? '#000' : '#fff';
  }

  // ---- Memory: one cookie, `1.{secret}.{state}` --------------------------------------------------------------------

  // Finds [, secret, state].
  function remembered() {
    return safely(() => RegExp(`\\bcausette_${settings.site}=1.([\\w-]{43})?.(\\w+)`).exec(document.cookie)) || [];
  }

  // Another tab may have begun the conversation since.
  function recall() {
    secret = remembered()[1] || secret;
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
    resume = token;
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
      .forEach(([, handler, once]) => {
        if (once) commands.off(type, handler);
        safely(handler, detail);
      });
    document.dispatchEvent(new CustomEvent(event, { detail }));
    if (option.dataLayer) (window.dataLayer = window.dataLayer || []).push({ event, causette: detail });
  }

  // ---- Drawing -----------------------------------------------------------------------------------------------------

  function build() {
    host = document.createElement('causette-chat');
    const root = host.attachShadow({ mode: 'open' });
    if (root.adoptedStyleSheets) {
      styles = { sheet: new CSSStyleSheet() };
      styles.sheet.replaceSync(CSS);
      root.adoptedStyleSheets = [styles.sheet];
    } else {
      // Before Safari 16.4 and Firefox 101, where a strict policy leaves nothing of it, and the chat stays hidden.
      styles = make('style', root, '', CSS);
    }
    section = make('aside', root);
    section.hidden = true;
    panel = make('div', section, 'panel');
    note = make('div', section, 'note');
    note.dir = 'auto';
    words = button(note, 'text', () => go('chat', true));
    dismiss = button(note, 'x', () => (fab.focus(), hush()), '×');
    fab = button(section, 'fab', toggle);
    badge = make('b', fab, 'badge');
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
    section.className = [state, option.position, narrow() && 'sheet', ready && 'ready'].join(' ');
    fab.hidden = option.launcher == 'none' || (open && ((narrow() && ready) || !option.minimizable));
    label(fab, open ? texts[CLOSE] : texts[OPEN]);
    fab.setAttribute('aria-expanded', open);
    badge.hidden = !unread;
    badge.textContent = unread;
    said.textContent = unread ? `${texts[UNREAD]} ${unread}` : notice;
    note.hidden = open || !bubble;
    words.textContent = notice || greeting;
    label(dismiss, texts[DISMISS]);
    styles.sheet.cssRules[0].style.cssText =
      `all:initial!important;position:fixed!important;z-index:${option.zIndex}!important;--c:${color};--o:${ink};` +
      `color-scheme:${option.theme == 'auto' ? 'light dark' : option.theme}!important;` +
      `--x:${option.offsetX}px;--y:${option.offsetY}px;--g:${fab.hidden ? 0 : 74}px;` +
      // A full-screen panel covers what the on-screen keyboard leaves free.
      `--t:${visualViewport.offsetTop}px;--h:${visualViewport.height}px`;
  }

  // Keeps the host page's own changes of its title: only a mark that still stands there is taken away.
  function count(number, text) {
    const title = document.title.startsWith(mark) ? document.title.slice(mark.length) : document.title;
    mark = number ? `(${number}) ` : '';
    document.title = mark + title;
    notice = text;
    if (number) bubble = state != 'chat' && text;
    if (number != unread) {
      unread = number;
      emit('unread:changed', { count: number });
    }
    render();
  }

  // ---- States ------------------------------------------------------------------------------------------------------

  function go(next, focus) {
    const before = state;
    const open = next == 'chat';
    const inside = document.activeElement == host;
    if (next == before || !/^(chat|close|welcome)$/.test(next)) return;
    recall();
    state = next;
    bubble = false;
    clearTimeout(bubbleTimer);
    if (open) notice = '';
    render();
    remember();
    if (open) load();
    post({ type: open ? 'shown' : 'hidden' });
    wanted = open && focus;
    if (wanted) enter();
    else if (inside) fab.focus();
    if (next == 'welcome') bubbleTimer = later(greet, option.greetingDelay);
    emit('state:changed', { state });
    if (open || before == 'chat') emit(open ? 'opened' : 'closed');
    safely(window.hdOnWidgetStateChange, state);
  }

  function greet() {
    bubble = greeting;
    render();
    if (option.closeDelay) bubbleTimer = later(hush, option.closeDelay);
  }

  function hush() {
    go('close');
    bubble = false;
    render();
  }

  function minimise() {
    if (option.minimizable) go('close');
  }

  function toggle() {
    go(state == 'chat' ? 'close' : 'chat', true);
  }

  // ---- Panel -------------------------------------------------------------------------------------------------------

  function load() {
    if (frame) return;
    if (!navigator.onLine) return lose();
    frame = document.createElement('iframe');
    frame.title = texts[PANEL];
    frame.sandbox = 'allow-scripts allow-same-origin allow-forms allow-popups allow-downloads';
    frame.allow = '';
    frame.src = `${origin}/widget/${settings.site}?locale=${locale}`;
    listen(frame, 'load', shake);
    panel.appendChild(frame);
    const mine = frame;
    later(() => mine == frame && !ready && lose(), PANEL_DEADLINE);
  }

  function unload() {
    if (frame) frame.remove();
    frame = port = null;
    ready = false;
  }

  // The panel gives way to the bubble, which says so and tries again when pressed.
  function lose() {
    unload();
    if (state != 'chat') return;
    go('close');
    notice = texts[FAILED];
    bubble = true;
    render();
    emit('error', { kind: 'unreachable' });
  }

  // Runs at every load of the frame: a page that moves our host element in its tree makes the frame load again.
  function shake() {
    const channel = new MessageChannel();
    recall();
    ready = false;
    port = channel.port1;
    port.onmessage = (event) => safely(receive, event.data);
    frame.contentWindow.postMessage(
      {
        causette: 1,
        type: 'init',
        config: { ...option, locale, session: secret, open: state == 'chat', greeting, prefill, resume },
      },
      origin,
      [channel.port2]
    );
    measure();
  }

  function post(message) {
    if (port) port.postMessage(message);
  }

  function narrow() {
    return innerWidth < 480 || innerHeight < 500;
  }

  function measure() {
    render();
    post({ type: 'viewport', sheet: narrow() });
  }

  // The panel takes the focus that was wanted for it as soon as it can.
  function enter() {
    if (!ready || !wanted) return;
    wanted = false;
    frame.focus();
    post({ type: 'focus' });
  }

  function receive(message) {
    const type = own(message, 'type');
    if (type == 'ready') {
      ready = true;
      resume = null;
      render();
      enter();
    }
    if (type == 'minimise') minimise();
    if (type == 'session' || type == 'forget') {
      secret = own(message, 'secret');
      remember();
    }
    if (type == 'unread') count(message.count >>> 0, message.preview);
    if (type == 'event') emit(message.name, message.data);
  }

  // ---- Commands ----------------------------------------------------------------------------------------------------

  const commands = {
    __proto__: null,
    boot: update,
    update,
    // Off the page, and the session off the device: for a host that signs its user out.
    shutdown() {
      secret = null;
      option.consent = 0;
      remember();
      destroy();
    },
    destroy,
    open: () => go('chat', true),
    close: () => go('close'),
    toggle,
    show: () => reveal('shown'),
    hide: () => reveal('hidden'),
    prefill(values) {
      // By way of JSON, since a value that cannot be cloned would keep the panel from starting.
      prefill = JSON.parse(JSON.stringify(values));
      post({ ...prefill, type: 'prefill' });
    },
    setLocale: (value) => update({ locale: value }),
    setConsent(bits) {
      update({ consent: bits });
      remember();
      post({ type: 'consent', consent: option.consent });
      emit('consent:changed', { consent: option.consent });
    },
    on: (...handler) => void handlers.push(handler),
    once: (type, handler) => void handlers.push([type, handler, true]),
    off(type, handler) {
      handlers = handlers.filter((one) => one[0] != type || one[1] != handler);
    },
    // That there is a session may be known, never which.
    get: (key) => ({ state, unread, session: !!secret })[key],
  };

  // Also what brings the chat back after `destroy`.
  function update(values) {
    const before = locale;
    configure(values);
    if (!host) return start();
    paint();
    if (frame && locale != before) {
      unload();
      load();
    }
    go(own(values, 'state'));
    render();
    post({ type: 'theme', theme: option.theme });
  }

  function reveal(type) {
    section.hidden = type == 'hidden';
    if (state == 'chat') post({ type });
  }

  function destroy() {
    count(0, '');
    clearTimeout(bubbleTimer);
    unload();
    observer.disconnect();
    host.remove();
    host = null;
  }

  function causette(command, ...values) {
    if (queue) return void queue.push([command, ...values]);
    if (commands[command]) return safely(() => commands[command](...values));
    commands[command] = Object; // so that this is said once
    console.warn('causette', command);
  }

  // ---- Start -------------------------------------------------------------------------------------------------------

  function attach() {
    if (!host || host.isConnected) return;
    document.body.appendChild(host);
    [document.documentElement, document.body].forEach((node) => observer.observe(node, { childList: true }));
  }

  function start() {
    const memory = remembered();
    build();
    attach();
    paint();
    state = null;
    [resume && 'chat', option.state, memory[2], settings.state].forEach((one) => state || go(one));
    section.hidden = false;
    // A conversation exists: its panel lives in the background for presence and unread messages.
    if (secret) load();
  }

  function begin() {
    const waiting = queue;
    queue = null;
    waiting.forEach((entry) => entry[0] == 'boot' && configure(entry[1]));
    configure();
    start();
    ['resize', 'scroll'].forEach((type) => listen(visualViewport, type, measure));
    waiting.forEach((entry) => causette(...entry));
    emit('ready');
  }

  safely(() => {
    const stub = window.causette;
    if (own(stub, 'version')) return;
    queue = [...(own(stub, 'q') || [])];
    causette.version = 1;
    window.causette = causette;
    claim();
    listen(window, 'hashchange', claim);
    if (document.readyState == 'loading') listen(document, 'DOMContentLoaded', begin);
    else begin();
  });
})();
