// Types of what Causette gives to a page: `window.causette`, its options, commands and events.
//
// Put this file into your project where the compiler finds it, or fetch that of your installation from
// https://chat.example.com/embed/causette.d.ts. It declares globals and is not imported.
//
// Licence: MIT OR Apache-2.0.

/** What the visitor has agreed to: 1 personalisation, 2 analytics, 3 both, 0 neither. */
type CausetteConsent = 0 | 1 | 2 | 3;

/** The greeting bubble, the open chat, or the icon alone. */
type CausetteState = 'welcome' | 'chat' | 'close';

/** A token that your server has signed (JWT, HS256) for whoever is signed in, or a function that gives one. */
type CausetteIdentity = string | (() => string | null | Promise<string | null>);

/** Each can also be an attribute of the script, `data-close-delay` for `closeDelay`; an identity that is a function cannot. */
interface CausetteOptions {
  /** Your id of the person. Not proven, unless `identity` is given too. */
  clientId?: string;
  /** Proves who the person is. */
  identity?: CausetteIdentity | null;
  /** ISO 3166-1 alpha-2, in capitals: `FR`. */
  country?: string;
  /** Name of a flow: the page shows its greeting, and agents see by which flow somebody came in. */
  flow?: string;
  /** What the bubble says on this page. */
  greeting?: string;
  /** Seconds before the greeting comes. */
  greetingDelay?: number;
  /** Obeyed on every page; without it the chat stays as the visitor left it. */
  state?: CausetteState;
  /** Seconds that the greeting stays; 0 until it is closed. */
  closeDelay?: number;
  /** False: an open panel cannot be minimised. */
  minimizable?: boolean;
  /** Days until the visitor is forgotten, at most 395; 0 is the browser's session. */
  cookieTtl?: number;
  /** Shares the conversation between subdomains: `.shop.example`. */
  cookieDomain?: string;
  consent?: CausetteConsent;
  /** `inline` is in the element that `target` selects. */
  position?: 'bottom-right' | 'bottom-left' | 'inline';
  /** A CSS selector, for the position `inline`. */
  target?: string;
  /** Distance from the side, in CSS pixels. */
  offsetX?: number;
  /** Distance from the bottom, in CSS pixels. */
  offsetY?: number;
  theme?: 'auto' | 'light' | 'dark';
  /** A CSS colour. */
  color?: string;
  zIndex?: number;
  /** `default`, `none`, or the CSS selector of a button of your own. */
  launcher?: string;
  /** A BCP 47 language tag. */
  locale?: string;
  /** True: events are pushed to `window.dataLayer` too. */
  dataLayer?: boolean;
}

/** What the page knows of the visitor, for the forms. */
interface CausettePrefill {
  name?: string;
  email?: string;
  phone?: string;
}

/** Facts about the visitor that agents see. */
type CausetteAttributes = Record<string, string | number | boolean | null>;

/** What each event tells. Never the text of a message. */
interface CausetteEvents {
  /** The chat is on the page. */
  'ready': undefined;
  'state:changed': { state: CausetteState };
  'opened': undefined;
  'closed': undefined;
  /** The visitor has sent a form. */
  'form:submitted': { form: 'introduction' | 'contacts' | 'copy' };
  /** The first message has arrived; the number is the one that both sides see. */
  'conversation:started': { number: number };
  /** An agent has taken the conversation. */
  'conversation:assigned': { number: number };
  /** It has gone from one agent to another. */
  'conversation:transferred': { number: number };
  /** The chat was ended. */
  'conversation:ended': { number: number };
  /** A conversation from another device goes on here: through the link in a mail, or because your page has said who the person is. */
  'conversation:resumed': { number: number };
  /** A message of the visitor has arrived at the server. */
  'message:sent': { id: string };
  /** A message of an agent has come. */
  'message:received': { id: string };
  /** A message of the visitor was refused; they can try again. */
  'message:failed': { id: string };
  'unread:changed': { count: number };
  /** Whether an agent is at the desk. */
  'availability:changed': { available: boolean };
  'consent:changed': { consent: CausetteConsent };
  /** Whether the person is the one that your page has proven them to be. */
  'identity:changed': { verified: boolean };
  /**
   * What went wrong: `unreachable`; `identity`, the token was refused, the one after it too; `another_person`, the conversation in this browser
   * is somebody else's, and `logout` ends it; `attributes`, some were left out; or a kind of refusal.
   */
  'error': { kind: string };
}

/** What `get` can be asked for. */
interface CausetteValues {
  state: CausetteState;
  /** Messages that the visitor has not seen. */
  unread: number;
  /** Whether this browser has a conversation. Never which. */
  session: boolean;
}

/** The commands: what follows the name, and what it returns once the chat has loaded. */
interface CausetteCommands {
  /** Sets options; after `destroy` or `shutdown` it brings the chat back. */
  boot(options?: CausetteOptions): void;
  update(options: CausetteOptions): void;
  /** Ends the session in this browser and takes the chat off the page. */
  shutdown(): void;
  /** Takes the chat off the page. */
  destroy(): void;
  open(): void;
  close(): void;
  toggle(): void;
  show(): void;
  hide(): void;
  /** Opens the chat. While a conversation is open it goes on; after its end the next message begins another one. */
  newConversation(): void;
  prefill(values: CausettePrefill): void;
  /** Proves who the person is, now or later in a conversation. A function is asked for a token when one is needed. */
  identify(identity: CausetteIdentity | null): void;
  /** Ends the session in this browser, in other tabs too; the chat stays, as for somebody new. */
  logout(): void;
  /**
   * Adds facts that agents see: of each name the last value holds, null takes it away. At most 20 names of 40 characters and values of 200, in
   * all 4 KiB. `type` is no name.
   */
  setAttributes(attributes: CausetteAttributes): void;
  setLocale(locale: string): void;
  /** Lowering it deletes what it no longer allows. */
  setConsent(consent: CausetteConsent): void;
  /** The page shows something else now, in an application that does not load its pages. Agents see it only with consent to analytics. */
  page(values?: { url?: string; title?: string }): void;
  /** Returns a function that ends it. */
  on<E extends keyof CausetteEvents>(event: E, handler: (detail: CausetteEvents[E]) => void): () => void;
  /** The same for the next time only. */
  once<E extends keyof CausetteEvents>(event: E, handler: (detail: CausetteEvents[E]) => void): () => void;
  off<E extends keyof CausetteEvents>(event: E, handler: (detail: CausetteEvents[E]) => void): void;
  get<K extends keyof CausetteValues>(key: K): CausetteValues[K];
}

/** Those whose types depend on what is asked for; the rest is called by `CausetteCommands`. */
type CausetteGeneric = 'on' | 'once' | 'off' | 'get';

/**
 * Carries out a command. Until the chat has loaded it only keeps it, and returns nothing: a value that is needed is asked for
 * after the event `ready`.
 */
interface Causette {
  <E extends keyof CausetteEvents>(
    command: 'on' | 'once',
    event: E,
    handler: (detail: CausetteEvents[E]) => void,
  ): (() => void) | undefined;
  <E extends keyof CausetteEvents>(command: 'off', event: E, handler: (detail: CausetteEvents[E]) => void): void;
  <K extends keyof CausetteValues>(command: 'get', key: K): CausetteValues[K] | undefined;
  <C extends Exclude<keyof CausetteCommands, CausetteGeneric>>(
    command: C,
    ...values: Parameters<CausetteCommands[C]>
  ): void;
  /** There once the chat has loaded. */
  readonly version?: 1;
  /** The commands that wait for it: those given to the stub. */
  q?: ArrayLike<unknown>[];
}

interface Window {
  /** Missing until the stub or the chat has put it there. */
  causette?: Causette;
  /** Called with the state, in Heyday's words, where a page that comes from there defines it. */
  hdOnWidgetStateChange?: (state: 'welcome' | 'opened' | 'closed') => void;
  /** Called when the conversation is transferred where a page that comes from Heyday defines it. */
  hd_Conversation_Transferred?: (detail: CausetteEvents['conversation:transferred']) => void;
}

/** The same events on `document`, as `causette:opened`. */
type CausetteDocumentEvents = {
  [E in keyof CausetteEvents as `causette:${E}`]: CustomEvent<
    CausetteEvents[E] extends undefined ? null : CausetteEvents[E]
  >;
};

interface DocumentEventMap extends CausetteDocumentEvents {}
