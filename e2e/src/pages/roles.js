// Finds elements by role and accessible name, as testing libraries do: arguments are the root, the role, the name (null
// for any) and whether the name need only be contained. Hidden elements are not found: a person would not find them.
// The names story compares what this computes with the browser's own accessibility tree.
const [root, role, name, loosely] = arguments;

const SELECTORS = {
  alert: '[role=alert]',
  button: 'button,[role=button],input[type=submit]',
  dialog: 'dialog[open]',
  field: 'input,textarea',
  form: 'form[aria-label],form[aria-labelledby]',
  frame: 'iframe',
  group: '[role=group]',
  heading: 'h1,h2,h3,h4,h5,h6,[role=heading]',
  link: 'a[href]',
  list: 'ul,ol,[role=list]',
  listitem: 'li,[role=listitem]',
  log: '[role=log]',
  menu: '[role=menu]',
  menuitem: '[role=menuitem]',
  region: 'aside[aria-label],section[aria-label],section[aria-labelledby],main',
  status: '[role=status]',
  timer: '[role=timer]',
};

const plain = (text) => (text || '').replace(/\s+/g, ' ').trim();

function nameOf(element) {
  const labelled = (element.getAttribute('aria-labelledby') || '').split(' ').filter(Boolean);
  const by = labelled.map((id) => element.getRootNode().getElementById(id)).filter(Boolean);
  if (by.length) return plain(by.map((one) => one.textContent).join(' '));
  if (element.hasAttribute('aria-label')) return plain(element.getAttribute('aria-label'));
  if (element.matches('iframe')) return plain(element.title);
  if (element.labels && element.labels.length) return plain(element.labels[0].textContent);
  return plain(element.textContent);
}

function isThere(element) {
  return element.checkVisibility({ visibilityProperty: true }) && !element.closest('[aria-hidden=true],[inert]');
}

const top = root || document;
return Array.from(top.querySelectorAll(SELECTORS[role])).filter((element) => {
  if (!isThere(element)) return false;
  if (name === null) return true;
  const own = nameOf(element);
  return loosely ? own.includes(name) : own === name;
});
