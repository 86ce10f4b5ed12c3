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
//   nodes are made one by one, nothing is parsed as HTML.
// - There is no `message` listener on the window. The panel speaks only through the port that was posted to our exact
//   origin, so no other frame can be mistaken for it.
//
// The server puts the site's published settings in place of the one token in capitals below. The build minifies this
// file; the budget (4 KiB of brotli with the settings in it) is why style sheet and options are written tersely.
(() => {
  'use strict';

  // ---- Settings and options ----------------------------------------------------------------------------------------

  const settings = __CAUSETTE_SETTINGS__;
  // `currentScript` is null where a bundler or a tag manager turned the snippet into a module.
  const script = document.currentScript || document.querySelector('script[src*="/embed/' + settings.site + '"]');
  const origin = new URL(script.src).origin;

  // Every option, with the attribute of `#hdAttributes` that sites coming from Heyday have for it.
  const OPTIONS =
    'state:widget_state closeDelay:delay_close minimizable:minimizable cookieTtl:cookie_ttl consent:cookie_consent ' +
    'greeting:welcome_message country:country flow:ref greetingDelay position offsetX offsetY theme color zIndex ' +
    'launcher locale cookieDomain dataLayer';

  const STATES = ['welcome', 'chat', 'close'];
  const DAY = 86400;
  const PANEL_DEADLINE = 20; // seconds until a panel that has not said `ready` counts as failed

  // ---- Looks -------------------------------------------------------------------------------------------------------

  const CHAT = 'M12 3.5c5 0 9 3.3 9 7.7s-4 7.7-9 7.7q-1.3 0-2.5-.3L5 21v-4.1c-1.3-1.4-2-3.4-2-5.7 0-4.4 4-7.7 9-7.7';
  const SMILE = 'M8.5 12.5c2 2 5 2 7 0';
  const DOWN = 'M6 9.5l6 6 6-6';
  const CROSS = 'M7 7l10 10M17 7L7 17';

  // The first rule also carries the custom properties that change at run time (`look`), so that no element needs a
  // style attribute: --c colour, --o its icon, --x --y offsets, --z, --t --h top and height of a full-screen panel.
  const CSS =
    ':host{all:initial!important;position:fixed!important;z-index:var(--z)!important}' +
    '[hidden]{display:none!important}' +
    'section{direction:ltr;font:15px/1.5 system-ui,sans-serif;color:var(--i);--b:#fff;--i:#16181d;--l:#e6e8ec}' +
    '.dark{--b:#1b1c21;--i:#f2f3f5;--l:#34363e}' +
    'button{all:unset;box-sizing:border-box;position:relative;cursor:pointer;border:1px solid transparent;' +
    'touch-action:manipulation}' +
    'button:focus-visible{outline:3px solid var(--i);outline-offset:2px;box-shadow:0 0 0 2px var(--b)}' +
    'svg{position:absolute;inset:0;margin:auto;width:30px;height:30px;fill:none;stroke:currentColor;stroke-width:2;' +
    'stroke-linecap:round;stroke-linejoin:round;transition:.15s}' +
    '.dock,.panel{position:fixed;right:var(--r);left:var(--e);bottom:calc(var(--y) + env(safe-area-inset-bottom,0px))}' +
    '.dock{display:flex;flex-direction:column;align-items:var(--a)}' +
    '.fab{width:60px;height:60px;border-radius:50%;background:var(--c);color:var(--o);' +
    'box-shadow:0 1px 4px #0003,0 8px 24px #0004;transition:transform .15s}' +
    '.fab:hover{transform:scale(1.06)}' +
    '.fab:active{transform:scale(.95)}' +
    '.fab svg+svg,.open .fab svg{opacity:0;transform:rotate(-60deg) scale(.5)}' +
    '.open .fab svg+svg{opacity:1;transform:none}' +
    '.fill{fill:currentColor}' +
    '.fill+*{stroke:var(--c)}' +
    '.badge{position:absolute;top:-3px;right:-3px;min-width:22px;border-radius:11px;background:#c8102e;color:#fff;' +
    'font:600 12px/22px system-ui,sans-serif;text-align:center;box-shadow:0 0 0 2px var(--b)}' +
    '.said{position:absolute;overflow:hidden;width:1px;height:1px;clip-path:inset(50%)}' +
    '.note,.panel{border:1px solid var(--l);border-radius:16px;background:var(--b);' +
    'box-shadow:0 1px 3px #0001,0 12px 40px #0003}' +
    '.note{position:relative;margin-bottom:14px;max-width:min(280px,100vw - 2*var(--x));animation:i .18s}' +
    '.text{padding:14px 44px 14px 18px;padding-inline:18px 44px;border-radius:16px;overflow-wrap:anywhere}' +
    '.x{position:absolute;top:6px;inset-inline-end:6px;width:36px;height:36px;border-radius:50%}' +
    '.x:hover{background:var(--l)}' +
    '.x svg{width:20px}' +
    '.panel{margin-bottom:var(--g);width:min(400px,100vw - 2*var(--x));height:min(640px,100vh - var(--g) - 2*var(--y));' +
    'overflow:hidden;outline:0;visibility:hidden;opacity:0;transform:translateY(12px);transition:.16s}' +
    '.open .panel{visibility:visible;opacity:1;transform:none}' +
    '.sheet .panel{inset:var(--t,0) 0 auto;width:100%;height:var(--h,100%);margin:0;border:0;border-radius:0}' +
    'iframe{position:absolute;width:100%;height:100%;border:0;opacity:0;transition:opacity .12s}' +
    '.ready iframe{opacity:1}' +
    '.wait{height:100%;display:flex;flex-direction:column;gap:14px;align-items:flex-start;animation:p 1.2s infinite alternate}' +
    '.wait i{height:44px;width:62%;margin:0 16px;border-radius:16px;background:var(--l)}' +
    '.wait i+i{width:44%;align-self:flex-end}' +
    '.wait i+i+i{width:auto;align-self:stretch;margin:auto 16px 16px}' +
    '.wait b{flex:0 0 68px;align-self:stretch;background:var(--c)}' +
    '.fail{position:absolute;inset:0;display:grid;place-content:center;justify-items:center;gap:16px;padding:32px;' +
    'text-align:center;background:var(--b)}' +
    '.again{padding:10px 20px;border-radius:22px;background:var(--c);color:var(--o)}' +
    '.panel>.x{display:none}' +
    '.sheet .panel>.x{display:block}' +
    '@keyframes i{0%{opacity:0;transform:translateY(8px)}}' +
    '@keyframes p{to{opacity:.6}}' +
    '@media(prefers-reduced-motion){*{animation:none!important;transition:none!important}}' +
    '@media print{section{display:none}}';

  // ---- State -------------------------------------------------------------------------------------------------------

  const option = { __proto__: null }; // what holds now, every source merged
  const given = { __proto__: null }; // what `boot` and `update` were given
  const handlers = { __proto__: null };
  const warned = [];
  let queue = [];
  let started = false;
  let texts, locale, greeting;
  let state = ''; // one of STATES, '' while off the page
  let secret = null;
  let prefill = null;
  let visible = true;
  let bubble = false; // the bubble is out, with the greeting or the last unread message
  let preview = '';
  let unread = 0;
  let mark = ''; // what we put before the page's title
  let ready = false;
  let failed = false;
  let host, section, dock, fab, badge, said, note, noteText, dismiss, panel, wait, fail, failText, again, closer;
  let styles, frame, port, opener, bubbleTimer, deadline;

  const narrow = matchMedia('(max-width:479.98px),(max-height:499.98px)');
  const dusk = matchMedia('(prefers-color-scheme:dark)');
  const observer = new MutationObserver(() => setTimeout(safely, 0, attach));

  // ---- Small tools -------------------------------------------------------------------------------------------------

  function safely(work, argument) {
    try {
      return work(argument);
    } catch (problem) {
      // A chat that fails must not be noticed by the page around it.
    }
  }

  function own(object, key) {
    return object != null && Object.prototype.hasOwnProperty.call(object, key) ? object[key] : null;
  }

  function later(work, seconds) {
    return setTimeout(safely, seconds * 1000, work);
  }

  function listen(target, type, work) {
    target.addEventListener(type, (event) => safely(work, event));
  }

  function make(tag, parent, className) {
    const node = document.createElement(tag);
    node.className = className || '';
    return parent.appendChild(node);
  }

  function icon(parent, ...paths) {
    const draw = (tag, into) => into.appendChild(document.createElementNS('http://www.w3.org/2000/svg', tag));
    const svg = draw('svg', parent);
    svg.setAttribute('viewBox', '0 0 24 24');
    paths.forEach((path) => draw('path', svg).setAttribute('d', path));
    return svg;
  }

  function button(parent, className, work, path) {
    const node = make('button', parent, className);
    node.type = 'button';
    listen(node, 'click', work);
    if (path) icon(node, path);
    return node;
  }

  function label(node, text) {
    node.setAttribute('aria-label', text);
  }

  function look(property, value) {
    styles.sheet.cssRules[0].style.setProperty(property, value);
  }

  // ---- Options: boot > data-* > #hdAttributes > the site's settings ------------------------------------------------

  function give(values) {
    if (values) Object.keys(values).forEach((key) => (given[key] = values[key]));
  }

  function configure() {
    const heyday = document.getElementById('hdAttributes');
    OPTIONS.split(' ').forEach((entry) => {
      const [key, attribute] = entry.split(':');
      const fallback = own(settings, key);
      let value = given[key];
      if (value == null) value = script.getAttribute('data-' + key.replace(/[A-Z]/g, '-$&').toLowerCase());
      if (value == null && heyday && attribute) value = heyday.getAttribute(attribute);
      if (value == null) value = fallback;
      // The type of the site's setting is the type of the option; what does not fit is as if it had not been given.
      else if (typeof fallback == 'number') value = value >= 0 && value !== '' ? +value : fallback;
      else if (typeof fallback == 'boolean') value = !/^(false|0)$/.test(value);
      option[key] = value;
    });
    const tag = option.locale == 'auto' ? document.documentElement.lang || navigator.language : option.locale;
    locale = String(tag).slice(0, 2).toLowerCase();
    if (!own(settings.texts, locale)) locale = 'en';
    texts = settings.texts[locale];
    greeting = typeof option.greeting == 'string' ? option.greeting : own(option.greeting, locale);
  }

  // The browser turns any CSS colour into numbers for us: rgb() with bytes, or color(srgb …) with fractions.
  // White is kept while it has the 3:1 that an icon needs (WCAG 1.4.11), else black has at least 7:1.
  function paint() {
    const probe = make('i', section).style;
    const [left, right] = option.position == 'bottom-left' ? ['--r', '--e'] : ['--e', '--r'];
    [settings.color, option.color, `color-mix(in srgb,${option.color},${option.color})`].forEach((color) => (probe.color = color));
    const color = getComputedStyle(section.lastChild).color;
    section.lastChild.remove();
    const [red, green, blue] = color.match(/[\d.]+(e-\d+)?/g).map((channel) => {
      const part = channel / (color[0] == 'r' ? 255 : 1);
      return part > 0.04045 ? ((part + 0.055) / 1.055) ** 2.4 : part / 12.92;
    });
    look('--c', color);
    look('--o', 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.3 ? '#000' : '#fff');
    look('--x', option.offsetX + 'px');
    look('--y', option.offsetY + 'px');
    look(left, 'auto');
    look(right, 'var(--x)');
    look('--a', right == '--r' ? 'flex-end' : 'flex-start');
    look('--z', option.zIndex);
  }

  // ---- Memory: one cookie, `1.{secret}.{state}` --------------------------------------------------------------------

  function remembered() {
    const found = safely(() => ('; ' + document.cookie).split(`; causette_${settings.site}=1.`)[1]);
    const parts = /^([\w-]{43})?\.(\w*)/.exec(found || '');
    return parts && { secret: parts[1] || null, state: parts[2] };
  }

  // Without consent to personalisation only a conversation, which the visitor began, may be remembered.
  function remember() {
    const keep = secret || option.consent & 1;
    if (!keep && !remembered()) return;
    const age = keep ? Math.min(option.cookieTtl, 395) * DAY : -1;
    safely(() => {
      document.cookie =
        `causette_${settings.site}=1.${secret || ''}.${state};path=/;samesite=lax` +
        (age ? ';max-age=' + age : '') +
        (option.cookieDomain ? ';domain=' + option.cookieDomain : '') +
        (location.protocol == 'https:' ? ';secure' : '');
    });
  }

  // ---- Events ------------------------------------------------------------------------------------------------------

  function emit(type, detail = {}) {
    (handlers[type] || []).slice().forEach((handler) => safely(handler, detail));
    safely(() => document.dispatchEvent(new CustomEvent('causette:' + type, { __proto__: null, detail })));
    if (option.dataLayer) safely(() => (window.dataLayer = window.dataLayer || []).push({ event: 'causette:' + type, causette: detail }));
  }

  // ---- Drawing -----------------------------------------------------------------------------------------------------

  function build() {
    host = document.createElement('causette-chat');
    const root = host.attachShadow({ __proto__: null, mode: 'open' });
    if (root.adoptedStyleSheets) {
      styles = { sheet: new CSSStyleSheet() };
      styles.sheet.replaceSync(CSS);
      root.adoptedStyleSheets = [styles.sheet];
    } else {
      // Before Safari 16.4 and Firefox 101. Under a policy without `unsafe-inline` it takes the nonce of our script.
      styles = make('style', root);
      styles.nonce = script.nonce;
      styles.textContent = CSS;
    }
    section = make('section', root);
    panel = make('div', section, 'panel');
    panel.tabIndex = -1;
    wait = make('div', panel, 'wait');
    ['b', 'i', 'i', 'i'].forEach((tag) => make(tag, wait));
    fail = make('div', panel, 'fail');
    failText = make('span', fail);
    failText.setAttribute('role', 'status');
    again = button(fail, 'again', reload);
    closer = button(panel, 'x', () => go('close'), CROSS);
    const dock = make('div', section, 'dock');
    note = make('div', dock, 'note');
    note.dir = 'auto';
    noteText = button(note, 'text', () => go('chat', true));
    dismiss = button(note, 'x', hush, CROSS);
    fab = button(dock, 'fab', () => toggle(true));
    icon(fab, CHAT, SMILE).firstChild.setAttribute('class', 'fill');
    icon(fab, DOWN);
    badge = make('b', fab, 'badge');
    // A live region that is there from the start, so that a screen reader hears the count change.
    said = make('span', dock, 'said');
    said.setAttribute('role', 'status');
    // These three are the visitor's own act: reaching for the launcher may fetch the panel ahead of the click.
    ['pointerenter', 'focus', 'touchstart'].forEach((type) => listen(fab, type, load));
    listen(section, 'keydown', (event) => {
      if (event.key != 'Escape') return;
      if (state != 'chat') hush();
      else if (option.minimizable) go('close');
    });
  }

  // Draws what the state says; may be called at any time.
  function render() {
    const open = state == 'chat';
    const dark = option.theme == 'dark' || (option.theme != 'light' && dusk.matches);
    section.hidden = !visible;
    section.className =
      (open ? 'open ' : '') + (narrow.matches ? 'sheet ' : '') + (dark ? 'dark ' : '') + (ready ? 'ready' : '');
    label(section, texts.panel);
    fab.hidden = option.launcher == 'none' || (open && (narrow.matches || !option.minimizable));
    label(fab, open ? texts.close : texts.open);
    fab.setAttribute('aria-expanded', open);
    look('--g', fab.hidden ? '0px' : '74px');
    badge.hidden = !unread;
    badge.textContent = unread > 99 ? '99+' : unread;
    said.textContent = unread ? texts.unread.replace('{n}', unread) : '';
    note.hidden = open || !bubble;
    noteText.textContent = preview || greeting;
    label(dismiss, texts.dismiss);
    wait.hidden = ready || failed;
    fail.hidden = !failed;
    failText.textContent = texts.failed;
    again.textContent = texts.retry;
    closer.hidden = ready || !option.minimizable;
    label(closer, texts.close);
    fit();
  }

  // A full-screen panel covers what the on-screen keyboard leaves free, not what it hides. Pinched in, the whole page.
  function fit() {
    const view = window.visualViewport;
    const follow = view && view.scale < 1.01;
    look('--t', follow ? view.offsetTop + 'px' : '');
    look('--h', follow ? view.height + 'px' : '');
  }

  // Keeps the host page's own changes of its title: only the mark that still stands there is taken away.
  function count(number, text) {
    const title = document.title.indexOf(mark) ? document.title : document.title.slice(mark.length);
    const changed = number != unread;
    unread = number;
    mark = number ? `(${number}) ` : '';
    if (document.title != mark + title) document.title = mark + title;
    preview = text;
    bubble = state != 'chat' && (number ? !!text : bubble && !changed);
    render();
    if (changed) emit('unread:changed', { count: number });
  }

  // ---- States ------------------------------------------------------------------------------------------------------

  function go(next, focus) {
    const before = state;
    if (next == before || STATES.indexOf(next) < 0) return;
    state = next;
    const open = next == 'chat';
    const inside = document.activeElement == host;
    bubble = false;
    preview = '';
    clearTimeout(bubbleTimer);
    if (open) load();
    render();
    remember();
    post({ type: open ? 'shown' : 'hidden' });
    if (open && focus) {
      opener = document.activeElement;
      panel.focus();
      enter();
    } else if (inside) (fab.hidden ? opener : fab).focus();
    if (next == 'welcome' && greeting) bubbleTimer = later(greet, option.greetingDelay);
    emit('state:changed', { state });
    if (typeof window.hdOnWidgetStateChange == 'function') safely(window.hdOnWidgetStateChange, state);
    if (open) emit('opened');
    else if (before == 'chat') emit('closed');
  }

  function greet() {
    bubble = true;
    render();
    if (option.closeDelay) bubbleTimer = later(fade, option.closeDelay);
  }

  // Never from under the pointer or the focus of someone reading it (WCAG 2.2.1).
  function fade() {
    if (note.matches(':hover,:focus-within')) bubbleTimer = later(fade, 2);
    else hush();
  }

  function hush() {
    const inside = document.activeElement == host;
    bubble = false;
    if (state == 'welcome') go('close');
    render();
    if (inside) fab.focus();
  }

  function toggle(focus) {
    go(state == 'chat' ? 'close' : 'chat', focus);
  }

  // ---- Panel -------------------------------------------------------------------------------------------------------

  function load() {
    if (frame) return;
    failed = navigator.onLine === false;
    if (!failed) {
      frame = document.createElement('iframe');
      frame.title = texts.panel;
      frame.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-forms allow-popups allow-downloads');
      frame.setAttribute('allow', '');
      frame.src = `${origin}/widget/${settings.site}?locale=${locale}`;
      listen(frame, 'load', shake);
      panel.appendChild(frame);
      deadline = later(lose, PANEL_DEADLINE);
    }
    render();
  }

  function unload() {
    clearTimeout(deadline);
    if (frame) frame.remove();
    frame = port = null;
    ready = false;
  }

  function reload() {
    unload();
    load();
    panel.focus();
  }

  function lose() {
    unload();
    failed = true;
    render();
    emit('error', { kind: 'unreachable' });
  }

  // Runs at every load of the frame: a page that moves our host element in its tree makes the frame load again.
  function shake() {
    const memory = remembered();
    const channel = new MessageChannel();
    if (memory && memory.secret) secret = memory.secret;
    ready = false;
    port = channel.port1;
    listen(port, 'message', receive);
    port.start();
    const config = {
      site: settings.site,
      locale,
      session: secret,
      open: state == 'chat',
      minimizable: option.minimizable,
      consent: option.consent,
      color: option.color,
      theme: option.theme,
      country: option.country,
      flow: option.flow,
      greeting,
      cookieTtl: option.cookieTtl,
      prefill,
    };
    frame.contentWindow.postMessage({ causette: 1, type: 'init', config }, origin, [channel.port2]);
    measure();
  }

  function post(message) {
    if (port) port.postMessage(message);
  }

  function measure() {
    post({ type: 'viewport', sheet: narrow.matches });
  }

  // Moves the focus into the panel once it can take it, unless the visitor has gone elsewhere meanwhile.
  function enter() {
    if (ready && state == 'chat' && document.activeElement == host) {
      frame.focus();
      post({ type: 'focus' });
    }
  }

  function receive(event) {
    const message = event.data;
    const type = own(message, 'type');
    const text = own(message, 'secret') || '';
    if (type == 'ready') {
      clearTimeout(deadline);
      ready = true;
      render();
      enter();
    } else if (type == 'minimise') {
      if (option.minimizable) go('close');
    } else if (type == 'session') {
      if (/^[\w-]{43}$/.test(text)) {
        secret = text;
        remember();
      }
    } else if (type == 'forget') {
      secret = null;
      remember();
    } else if (type == 'unread') {
      count(own(message, 'count') >>> 0, String(own(message, 'preview') || ''));
    } else if (type == 'event') {
      emit(own(message, 'name'), own(message, 'data') || {});
    }
  }

  // ---- Commands ----------------------------------------------------------------------------------------------------

  const commands = {
    __proto__: null,
    boot: update,
    update,
    // Off the page, and the session off the device: for a host that signs its user out.
    shutdown() {
      destroy();
      secret = null;
      state = '';
      option.consent = 0;
      remember();
    },
    destroy,
    open: () => go('chat', true),
    close: () => go('close'),
    toggle: () => toggle(true),
    show: () => reveal(true),
    hide: () => reveal(false),
    prefill(values) {
      prefill = { name: String(own(values, 'name') || ''), email: String(own(values, 'email') || ''), phone: String(own(values, 'phone') || '') };
      post(Object.assign({ type: 'prefill' }, prefill));
    },
    setLocale: (value) => update({ locale: value }),
    setConsent(bits) {
      update({ consent: bits });
      remember();
      post({ type: 'consent', consent: option.consent });
      emit('consent:changed', { consent: option.consent });
    },
    on(type, handler) {
      (handlers[type] = handlers[type] || []).push(handler);
    },
    off(type, handler) {
      handlers[type] = (handlers[type] || []).filter((one) => one != handler && one.of != handler);
    },
    once(type, handler) {
      const wrapper = (detail) => {
        commands.off(type, wrapper);
        handler(detail);
      };
      wrapper.of = handler;
      commands.on(type, wrapper);
    },
    get(key) {
      // That there is a session may be known, never which.
      return { __proto__: null, state, unread, locale, ready, consent: option.consent, session: !!secret }[key];
    },
  };

  // Also what brings the chat back after `destroy`.
  function update(values) {
    const before = locale;
    give(values);
    configure();
    if (!host) return start();
    paint();
    go(own(values, 'state'), true);
    if (frame && locale != before) {
      unload();
      load();
    }
    render();
    post({ type: 'theme', theme: option.theme });
  }

  function reveal(shown) {
    visible = shown;
    render();
    if (state == 'chat') post({ type: shown ? 'shown' : 'hidden' });
  }

  function destroy() {
    if (!host) return;
    count(0, '');
    clearTimeout(bubbleTimer);
    unload();
    observer.disconnect();
    host.remove();
    host = null;
  }

  function causette(command, ...values) {
    if (!started) queue.push([command, ...values]);
    else if (commands[command]) return safely(() => commands[command](...values));
    else if (warned.indexOf(command) < 0) {
      warned.push(command);
      console.warn('Causette has no command', command);
    }
  }

  // ---- Start -------------------------------------------------------------------------------------------------------

  function attach() {
    if (!host || host.isConnected) return;
    document.body.appendChild(host);
    observer.observe(document.documentElement, { __proto__: null, childList: true });
    observer.observe(document.body, { __proto__: null, childList: true });
  }

  function start() {
    const memory = remembered();
    build();
    attach();
    paint();
    if (memory) secret = memory.secret;
    state = '';
    remember();
    go([option.state, memory && memory.state, 'welcome'].find((one) => STATES.indexOf(one) >= 0));
    // A conversation exists: its panel lives in the background for presence and unread messages.
    if (secret) load();
  }

  function begin() {
    const waiting = queue;
    queue = [];
    started = true;
    waiting.forEach((entry) => entry[0] == 'boot' && give(entry[1]));
    configure();
    start();
    [narrow, dusk].forEach((query) => (query.onchange = () => safely(() => (render(), measure()))));
    if (window.visualViewport) ['resize', 'scroll'].forEach((type) => listen(visualViewport, type, () => host && fit()));
    listen(window, 'online', () => failed && state == 'chat' && load());
    waiting.forEach((entry) => entry[0] == 'boot' || causette(...entry));
    emit('ready');
  }

  safely(() => {
    const stub = own(window, 'causette');
    if (own(stub, 'version')) return;
    queue = Array.from(own(stub, 'q') || []);
    causette.version = 1;
    window.causette = causette;
    if (document.readyState == 'loading') listen(document, 'DOMContentLoaded', begin);
    else begin();
  });
})();
