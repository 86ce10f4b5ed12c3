// The loader's second half: fetched when the panel is first needed, beside the panel's own document.
//
// It shows the panel and speaks with it. What it knows of the first half is what is handed to it, `chat` and a few
// functions; what the first half knows of it is what it returns. The rules at the head of `loader.js` hold here too.
export default (chat, safely, make, own, emit, render, minimise, recall, dress, keep) => {
  const { option, section } = chat;

  // --t --h: top and height of a full-screen panel.
  const LOOKS =
    '.fab:hover{transform:scale(1.06)}' +
    '.fab:active{transform:none}' +
    '.badge{position:absolute;top:-4px;right:-4px;min-width:22px;border-radius:30px;background:#c8102e;color:#fff;' +
    'font-size:12px;line-height:22px;text-align:center}' +
    // Drawn, and no text of the button: what it is called stays what can be read on it (WCAG 2.5.3), and `said` tells the number.
    '.badge:before{content:attr(data-count)}' +
    '.panel{margin-bottom:var(--g);border:1px solid #8883;border-radius:16px;' +
    'width:min(400px,100vw - 2*var(--x));height:min(640px,100vh - var(--g) - 2*var(--y));overflow:hidden;' +
    'opacity:0;transform:translateY(8px);transition:.15s}' +
    // Visible at once: what is still hidden cannot take the focus.
    '.chat .panel{visibility:visible;opacity:1;transform:none;transition:.15s,visibility 0s}' +
    '.sheet .panel{inset:var(--t) 0 auto;width:100%;height:var(--h);margin:0;border:0;border-radius:0}' +
    '.inline{height:100%}' +
    '.inline .panel{display:none;position:relative;inset:auto;box-sizing:border-box;width:100%;height:100%;min-height:360px;margin:0;' +
    'box-shadow:none}' +
    '.inline.chat .panel{display:block}' +
    // Until the panel is there: the face in its head and its text box, in their places.
    '.panel:before,.panel:after{position:absolute;inset:auto 16px 12px;content:"";height:40px;' +
    'border-radius:30px;background:#8883;animation:in 1s 20 alternate}' +
    '.panel:before{top:12px;width:40px;background:var(--c)}' +
    'iframe{position:relative;z-index:1;width:100%;height:100%;border:0;opacity:0;transition:.15s}' +
    '.ready iframe{opacity:1}';

  let mark = ''; // what we put before the page's title
  let page; // the address that the panel was told last
  let isToldToForget = false;

  // The server puts our texts in place of the token, a line for each language: the frame's title, and the unread messages.
  const texts = () => own(__CAUSETTE_PANEL_TEXTS__, option.locale).split('|');
  const kept = { __proto__: null }; // what every new panel is told, by type
  const fab = section.querySelector('.fab');
  const badge = make('b', fab, 'badge');

  // Commands whose last word holds for a panel that starts later, too. All others are said once.
  const LASTING = /^(prefill|consent|theme)$/;

  // What is said of the person, and an attribute, may be (`shared/src/limits.rs`); the server asks the same again. One that is
  // too long would have all the others refused.
  const SAID = { __proto__: null, clientId: 128, country: 2, flow: 40 };
  const ATTRIBUTES = 20;
  const NAME = 40;
  const VALUE = 200;
  const BYTES = 4096;

  function narrow() {
    return innerWidth < 480 || innerHeight < 500;
  }

  // Adds to what the first half has drawn, and returns more of the host element's style, and what is to be heard.
  function draw() {
    const sheet = narrow() && option.position != 'inline';
    section.classList.toggle('sheet', sheet);
    // What covers the screen has a button of its own to minimise it.
    chat.covered = chat.covered || (sheet && chat.ready && section.classList.contains('chat'));
    badge.hidden = !chat.unread;
    badge.setAttribute('data-count', chat.unread);
    if (chat.frame) chat.frame.title = texts()[0];
    // A full-screen panel covers what the on-screen keyboard leaves free.
    return [
      `--t:${visualViewport.offsetTop}px;--h:${visualViewport.height}px`,
      chat.unread ? `${texts()[1]} ${chat.unread}` : chat.notice,
    ];
  }

  // ---- The line to the panel ---------------------------------------------------------------------------------------

  // What a page has given may hold what cannot be cloned, such as a function or a framework's proxy. The way through JSON
  // is the second choice: libraries of 2008 have spoilt it on some pages.
  function deliver(send, message) {
    try {
      send(message);
    } catch (error) {
      send(JSON.parse(JSON.stringify(message)));
    }
  }

  function post(message) {
    if (chat.port) deliver((one) => chat.port.postMessage(one), message);
  }

  // Who has signed out is not named again by what still stands in the page, unless it has been said since.
  function leave() {
    const types = chat.told.map((message) => message.type);
    if (types.lastIndexOf('logout') > types.lastIndexOf('theme')) option.clientId = option.identity = null;
  }

  // Hands over what was said since; it waits in the port until the panel listens.
  function flush() {
    leave();
    if (!chat.port) return;
    const messages = chat.told;
    chat.told = [];
    messages.forEach((message) => {
      if (message.type == 'page') return safely(visit, message);
      if (message.type == 'setAttributes') return safely(describe, message);
      if (LASTING.test(message.type)) kept[message.type] = message;
      // What follows is of whoever comes next, and stays when the panel has forgotten the last.
      if (message.type == 'logout') {
        forget();
        isToldToForget = true;
      }
      safely(post, message);
      // An update may have said who they are, or which way they came in.
      if (message.type == 'theme') safely(introduce);
      // A consent that is given is one for the page that is shown now, and one that is taken back forgets it.
      if (message.type == 'consent') {
        page = '';
        visit();
      }
    });
  }

  function forget() {
    delete kept.prefill;
    attributes = { __proto__: null };
  }

  // ---- What the page says of its person ----------------------------------------------------------------------------

  let attributes = { __proto__: null }; // texts by their names, null for one that was taken back

  let introduced; // what the panel was told of them last

  // Of each attribute the last value holds. What breaks a rule is left out, and the page hears of it once.
  function describe(message) {
    let isWrong = false;
    Object.keys(message).forEach((name) => {
      if (name == 'type') return;
      const value = message[name];
      const text = /^(string|number|boolean)$/.test(typeof value) ? String(value) : null;
      const held = attributes;
      attributes = { __proto__: null, ...held, [name]: text };
      const given = list().filter((one) => one[1] != null);
      const fits =
        length(name) && length(name) <= NAME &&
        (text == null ? value == null : length(text) <= VALUE) &&
        given.length <= ATTRIBUTES &&
        new TextEncoder().encode(given.flat().join('')).length <= BYTES;
      if (fits) return;
      attributes = held;
      isWrong = true;
    });
    introduce();
    if (isWrong) emit('error', { kind: 'attributes' });
  }

  function list() {
    return Object.keys(attributes).map((name) => [name, attributes[name]]);
  }

  // All that the page says of the person, where that is not what the panel knows already.
  function introduce() {
    const said = Object.keys(SAID).map((key) => {
      const value = option[key];
      const text = /^(string|number)$/.test(typeof value) ? String(value) : '';
      return text.trim() && length(text) <= SAID[key] ? text : null;
    });
    const before = introduced;
    introduced = JSON.stringify([said, list()]);
    if (introduced == before) return;
    const [clientId, country, flow] = said;
    post({ type: 'attributes', clientId, country, flow, list: list() });
  }

  // In characters and not in halves of them.
  function length(text) {
    return [...text].length;
  }

  // The browser turns any CSS colour into numbers for us: rgb() with bytes, or color(srgb …) with fractions.
  function color() {
    const probe = make('i', section);
    // Not `style.color`: some engines look such names up on Object.prototype first.
    [option.color, `color-mix(in srgb,${option.color},${option.color})`].forEach((value) =>
      probe.style.setProperty('color', value)
    );
    const color = getComputedStyle(probe).getPropertyValue('color');
    probe.remove();
    const channels = color.match(/[\d.e-]+/g).slice(0, 3);
    return `rgb(${channels.map((channel) => Math.max(0, channel * (color[0] == 'r' || 255)))})`;
  }

  // Runs at every load of the frame.
  function shake() {
    const channel = new MessageChannel();
    leave();
    chat.ready = false;
    chat.port = channel.port1;
    const mine = chat.port;
    // What a frame that is gone has still said is not of this one.
    mine.onmessage = (event) => mine == chat.port && safely(receive, event.data);
    const config = {
      ...option,
      // A function cannot be posted, and a token is fetched when it is asked for.
      identity: !!option.identity,
      color: safely(color),
      session: recall(),
      open: section.classList.contains('chat') && !section.hidden,
      prefill: kept.prefill,
      resume: chat.resume,
    };
    const init = { causette: 1, type: 'init', config };
    deliver((one) => chat.frame.contentWindow.postMessage(one, chat.origin, [channel.port2]), init);
    Object.keys(kept).forEach((type) => safely(post, kept[type]));
    introduced = JSON.stringify([[null, null, null], []]);
    safely(introduce);
    page = '';
    measure();
    flush();
    visit();
  }

  function receive(message) {
    const type = own(message, 'type');
    if (type == 'ready') {
      chat.ready = true;
      chat.resume = null;
      render();
      enter();
    }
    if (type == 'minimise') minimise();
    if (type == 'session' || type == 'forget') keep(own(message, 'secret'));
    if (type == 'forget') {
      // Signed out, here or in another tab: a panel that starts anew knows nothing of the person before.
      if (!isToldToForget) {
        forget();
        option.clientId = option.identity = null;
      }
      isToldToForget = false;
      count(0, '');
      chat.frame.src += '';
    }
    if (type == 'unread') count(own(message, 'count') >>> 0, own(message, 'preview'));
    if (type == 'needIdentity') identify();
    if (type == 'event') {
      const name = own(message, 'name');
      const data = own(message, 'data');
      emit(name, data);
      // Where a page that comes from Heyday listens.
      if (name == 'conversation:transferred') safely(window.hd_Conversation_Transferred, data);
    }
  }

  // The page's token, or what its function returns now: such a token is short-lived.
  async function identify() {
    let token = null;
    try {
      const given = option.identity;
      token = typeof given == 'function' ? await given() : given;
      post({ type: 'identity', token: token ? String(token) : null });
    } catch (error) {
      // Whoever waits for it goes on without.
      post({ type: 'identity', token: null });
      safely(emit, 'error', { kind: 'identity' });
    }
  }

  // The panel takes the focus that was wanted for it as soon as it can, unless the visitor has gone elsewhere since.
  function enter() {
    if (!chat.ready || !chat.wanted) return;
    const isStill = [chat.wanted, document.body, null].includes(document.activeElement);
    chat.wanted = null;
    if (!isStill) return;
    chat.frame.focus();
    post({ type: 'focus' });
  }

  function measure() {
    render();
    post({ type: 'viewport', sheet: narrow() && option.position != 'inline' });
  }

  // Keeps the host page's own changes of its title: only a mark that still stands there is taken away.
  function count(number, text) {
    const title = document.title.startsWith(mark) ? document.title.slice(mark.length) : document.title;
    mark = number ? `(${number}) ` : '';
    if (document.title != mark + title) document.title = mark + title;
    // What the bubble says of messages goes with them; a greeting stays.
    if (number || chat.notice) chat.bubble = number && text && !section.classList.contains('chat');
    chat.notice = text;
    if (number != chat.unread) {
      chat.unread = number;
      emit('unread:changed', { count: number });
    }
    render();
  }

  // ---- Pages visited: only with consent to analytics, and without what stands behind `?` and `#` --------------------

  // Told by the page itself where it says more than its address does.
  function visit(told) {
    const { origin, protocol, pathname } = new URL(own(told, 'url') || location, location);
    const url = origin + pathname;
    if (!(option.consent & 2) || !/^http/.test(protocol) || (!told && url == page)) return;
    page = url;
    post({ type: 'page', url, title: own(told, 'title') || document.title });
  }

  // ---- What is listened to outside of our element, until the page takes the chat away ------------------------------

  const outside = [];

  function listen(target, type, work) {
    const listener = () => safely(work);
    target.addEventListener(type, listener);
    outside.push(() => target.removeEventListener(type, listener));
  }

  function stop() {
    count(0, '');
    outside.forEach((forget) => forget());
  }

  // Where a page gives way to the next without being loaded. Before 2026 not every engine tells of it.
  if (window.navigation) listen(navigation, 'navigatesuccess', visit);
  listen(window, 'popstate', visit);
  ['resize', 'scroll'].forEach((type) => listen(visualViewport, type, measure));
  dress(LOOKS);

  return { shake, draw, enter, flush, stop };
};
