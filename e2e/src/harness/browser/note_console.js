// Notes what a page says on its console and what nobody catches, where the driver does not tell. Under a symbol, which a
// page does not come upon by going through its names.
(() => {
  const key = Symbol.for('e2e notes');
  if (window[key]) return;
  const notes = [];
  Object.defineProperty(window, key, { value: notes });
  const quote = (word) => (typeof word == 'string' ? `"${word}"` : String(word));
  const note = (level, text) => notes.push(`${level} ${location.href} ${text}`);
  for (const [name, level] of [['error', 'SEVERE'], ['warn', 'WARNING'], ['info', 'INFO'], ['log', 'INFO'], ['debug', 'DEBUG']]) {
    const own = console[name];
    console[name] = function (...words) {
      note(level, words.map(quote).join(' '));
      return own.apply(console, words);
    };
  }
  addEventListener('error', (event) => event.message && note('SEVERE', event.message));
  addEventListener('unhandledrejection', (event) => note('SEVERE', String(event.reason)));
})();
