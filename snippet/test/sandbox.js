// Stands in for the sandbox of Google Tag Manager, as its documentation describes it: a template's code sees `require` and
// `data` and no global, each API asks for the permission that the template's own list gives, and values come out as copies.
// https://developers.google.com/tag-platform/tag-manager/templates/api and …/permissions
window.tagManager = (() => {
  const HIDDEN = ['window', 'document', 'globalThis', 'self', 'top', 'parent', 'frames', 'location', 'navigator', 'console',
    'Object', 'Array', 'Function', 'JSON', 'Math', 'Date', 'RegExp', 'Promise', 'Symbol', 'Map', 'Set', 'Proxy', 'Reflect',
    'setTimeout', 'setInterval', 'fetch', 'localStorage', 'sessionStorage', 'dataLayer', 'causette'];

  // What each type of consent is: true, false, or without a state. And who listens, and what templates keep.
  const states = new Map();
  const listeners = [];
  const kept = new Map();
  const scripts = new Map();
  const logged = [];

  function sectionsOf(template) {
    const parts = template.split(/^___([A-Z_]+)___$/m);
    const sections = {};
    for (let place = 1; place < parts.length; place += 2) sections[parts[place]] = parts[place + 1].trim();
    return sections;
  }

  // The template's own notation: 1 a text, 2 a list, 3 a map, 8 a truth value.
  function read(value) {
    if (value.type === 2) return value.listItem.map(read);
    if (value.type === 3) return new Map(value.mapKey.map((key, place) => [read(key), read(value.mapValue[place])]));
    return value.type === 8 ? value.boolean : value.string;
  }

  function permissionsOf(sections) {
    const permissions = new Map();
    for (const { instance } of JSON.parse(sections.WEB_PERMISSIONS)) {
      permissions.set(instance.key.publicId, new Map(instance.param.map(({ key, value }) => [key, read(value)])));
    }
    return permissions;
  }

  function checker(permissions) {
    const refuse = (what) => {
      throw new Error(`the template has no permission: ${what}`);
    };
    const listed = (permission, list, name, key, rights) => {
      const items = permissions.has(permission) ? permissions.get(permission).get(list) : [];
      const item = items.find((one) => one.get(name) === key);
      if (!item || !rights.every((right) => item.get(right))) refuse(`${permission} ${rights} ${key}`);
    };
    return {
      global: (key, ...rights) => listed('access_globals', 'keys', 'key', key, rights),
      consent: (type) => listed('access_consent', 'consentTypes', 'consentType', type, ['read']),
      has: (permission) => permissions.has(permission) || refuse(permission),
      url(url) {
        const patterns = permissions.has('inject_script') ? permissions.get('inject_script').get('urls') : [];
        const matches = (pattern) => (pattern.endsWith('*') ? url.startsWith(pattern.slice(0, -1)) : url === pattern);
        if (!patterns.some(matches)) refuse(`inject_script ${url}`);
      },
    };
  }

  const find = (path) => path.split('.').reduce((object, key) => (object == null ? undefined : object[key]), window);

  function put(path, value) {
    const keys = path.split('.');
    const last = keys.pop();
    find(keys.join('.') || 'window')[last] = value;
  }

  // Out of the sandbox come plain copies; functions stay what they are.
  function copy(value) {
    if (Array.isArray(value)) return value.map(copy);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, copy(one)]));
  }

  function apisWith(may) {
    return {
      copyFromWindow(key) {
        may.global(key, 'read');
        return copy(find(key));
      },
      callInWindow(path, ...values) {
        may.global(path, 'execute');
        const called = find(path);
        return typeof called === 'function' ? copy(called(...values.map(copy))) : undefined;
      },
      createArgumentsQueue(name, queue) {
        may.global(name, 'read', 'write');
        may.global(queue, 'read', 'write');
        const there = find(name);
        if (there !== undefined && typeof there !== 'function') return null;
        if (!there) {
          put(name, function () {
            find(queue).push(arguments);
          });
        }
        if (!Array.isArray(find(queue))) put(queue, []);
        return find(name);
      },
      injectScript(url, onSuccess, onFailure, token) {
        may.url(url);
        const under = scripts.get(token);
        if (under) return void under.then(onSuccess, onFailure);
        const script = document.createElement('script');
        const loaded = new Promise((resolve, reject) => {
          script.onload = resolve;
          script.onerror = reject;
        });
        if (token) scripts.set(token, loaded);
        loaded.then(() => onSuccess(), () => onFailure());
        script.async = true;
        script.src = url;
        document.head.appendChild(script);
      },
      isConsentGranted(type) {
        may.consent(type);
        return states.get(type) !== false;
      },
      addConsentListener(type, listener) {
        may.consent(type);
        listeners.push([type, listener]);
      },
      logToConsole(...values) {
        may.has('logging');
        logged.push(values.join(' '));
      },
      makeString: (value) => String(value),
      get templateStorage() {
        may.has('access_template_storage');
        return {
          getItem: (key) => copy(kept.get(key)),
          setItem: (key, value) => void kept.set(key, copy(value)),
          removeItem: (key) => void kept.delete(key),
          clear: () => kept.clear(),
        };
      },
    };
  }

  function execute(code, names, values) {
    const hidden = HIDDEN.filter((name) => !names.includes(name));
    return new Function(...names, ...hidden, `'use strict';\n${code}`)(...values);
  }

  function requireFrom(...sources) {
    return (name) => {
      const apis = sources.find((source) => name in source);
      if (!apis) throw new Error(`there is no API “${name}”`);
      return apis[name];
    };
  }

  // Fires a tag that was made with the template. The promise tells how it ended.
  function fire(template, fields) {
    const sections = sectionsOf(template);
    return new Promise((resolve) => {
      const data = { ...fields, gtmOnSuccess: () => resolve('success'), gtmOnFailure: () => resolve('failure') };
      const apis = apisWith(checker(permissionsOf(sections)));
      execute(sections.SANDBOXED_JS_FOR_WEB_TEMPLATE, ['require', 'data'], [requireFrom(apis), data]);
    });
  }

  // What a consent manager says: `{ analytics_storage: true }`. Those are told whose type was not so before.
  function consent(update) {
    for (const [type, granted] of Object.entries(update)) {
      const before = states.get(type) !== false;
      states.set(type, granted);
      if (before !== granted) listeners.filter((one) => one[0] === type).forEach((one) => one[1](type, granted));
    }
  }

  // ---- The template's own tests --------------------------------------------------------------------------------

  function same(one, other) {
    if (one === null || other === null || typeof one !== 'object' || typeof other !== 'object') return one === other;
    const keys = Object.keys(one);
    return keys.length === Object.keys(other).length && keys.every((key) => key in other && same(one[key], other[key]));
  }

  // As much of YAML as such a section has: `- name:`, and blocks of code below `code: |-` and `setup: |-`.
  function scenariosOf(section) {
    const scenarios = [];
    let setup = '';
    let take = null;
    for (const line of section.split('\n').slice(1)) {
      const name = /^- name: (.*)$/.exec(line);
      if (name) scenarios.push({ name: name[1], code: '' });
      else if (line === '  code: |-') take = (text) => (scenarios[scenarios.length - 1].code += text);
      else if (line === 'setup: |-') take = (text) => (setup += text);
      else take(`${line}\n`);
    }
    return { scenarios, setup };
  }

  function check(template, { name, code }, setup) {
    const sections = sectionsOf(template);
    const may = checker(permissionsOf(sections));
    const calls = [];
    const mocks = {};
    const record = (api, work) => (...values) => {
      calls.push([api, ...values.map(copy)]);
      return typeof work === 'function' ? work(...values) : work;
    };
    const fail = (what) => {
      throw new Error(what);
    };
    const tools = {
      mock: (api, work) => void (mocks[api] = record(api, work)),
      mockObject: (api, object) => void (mocks[api] = object),
      runCode(fields) {
        const data = { gtmOnSuccess: record('gtmOnSuccess'), gtmOnFailure: record('gtmOnFailure'), ...fields };
        const required = requireFrom(mocks, apisWith(may));
        execute(sections.SANDBOXED_JS_FOR_WEB_TEMPLATE, ['require', 'data'], [required, data]);
      },
      assertApi: (api) => ({
        wasCalled: () => calls.some((call) => call[0] === api) || fail(`${api} was not called`),
        wasNotCalled: () => calls.every((call) => call[0] !== api) || fail(`${api} was called`),
        wasCalledWith: (...values) =>
          calls.some((call) => same(call, [api, ...values])) || fail(`${api} was not called so: ${JSON.stringify(calls)}`),
      }),
      assertThat: (value) => ({
        isEqualTo: (other) => same(value, other) || fail(`${JSON.stringify(value)} is not ${JSON.stringify(other)}`),
      }),
    };
    try {
      execute(`${setup}\n${code}`, Object.keys(tools), Object.values(tools));
      return `${name}: passed`;
    } catch (error) {
      return `${name}: ${error.message}`;
    }
  }

  // Runs them, and says of each what came of it.
  function test(template) {
    const { scenarios, setup } = scenariosOf(sectionsOf(template).TESTS);
    return scenarios.map((scenario) => check(template, scenario, setup));
  }

  return { fire, consent, test, logged };
})();
