// The chat of a site in an app: react-native-webview 13 to 16, expo-secure-store, react-native-safe-area-context. See ../README.md.
import * as SecureStore from 'expo-secure-store';
import React, { useCallback, useEffect, useRef } from 'react';
import { AppState, BackHandler, Keyboard, Linking, Platform } from 'react-native';
import { useSafeAreaInsets } from 'react-native-safe-area-context';
import { WebView, type WebViewMessageEvent } from 'react-native-webview';

const KEY = 'causette.session';

type Props = {
  /** `https://chat.example.com/chat/SITE`. */
  address: string;
  /** A fresh token of the person who is signed in; null where nobody is. */
  identity?: () => Promise<string | null>;
  onUnread?: (count: number) => void;
  onClose: () => void;
};

export function CausetteChat({ address, identity, onUnread, onClose }: Props) {
  const webView = useRef<React.ComponentRef<typeof WebView>>(null);
  const isReady = useRef(false);
  const insets = useSafeAreaInsets();

  const say = useCallback((type: string, data: object = {}) => {
    const id = `${Date.now()}-${Math.random()}`.slice(0, 64);
    // Comes to the page as an event that a script of the webview makes.
    webView.current?.postMessage(JSON.stringify({ v: 1, id, type, data }));
  }, []);

  const tellSafeArea = useCallback(() => {
    const { top, right, bottom, left } = insets;
    say('safeArea', { top, right, bottom, left });
  }, [insets, say]);
  useEffect(tellSafeArea, [tellSafeArea]);

  // The page closes what is open in it, or says `closed`; before it is there, the screen is left.
  useEffect(() => {
    const back = BackHandler.addEventListener('hardwareBackPress', () => {
      if (isReady.current) say('back');
      else onClose();
      return true;
    });
    return () => back.remove();
  }, [say, onClose]);

  // iOS lays the keyboard over the webview; Android makes it smaller (`adjustResize`).
  useEffect(() => {
    if (Platform.OS !== 'ios') return;
    const shown = Keyboard.addListener('keyboardWillShow', (event) =>
      say('keyboard', { height: event.endCoordinates.height })
    );
    const hidden = Keyboard.addListener('keyboardWillHide', () => say('keyboard', { height: 0 }));
    return () => {
      shown.remove();
      hidden.remove();
    };
  }, [say]);

  // Tokens are short-lived: one that went stale in the background is replaced.
  useEffect(() => {
    const change = AppState.addEventListener('change', async (state) => {
      if (state === 'active' && isReady.current && identity) say('identify', { token: await identity() });
    });
    return () => change.remove();
  }, [say, identity]);

  // There is no page that could say `closed`: the way back is ours.
  const lose = () => {
    isReady.current = false;
  };

  const restart = () => {
    lose();
    webView.current?.reload();
  };

  const hear = async (event: WebViewMessageEvent) => {
    // Nobody but our server's page is listened to.
    if (!isHome(event.nativeEvent.url, address)) return;
    let said: { type?: string; data?: Record<string, unknown> };
    try {
      said = JSON.parse(event.nativeEvent.data);
    } catch {
      return;
    }
    const data = said.data ?? {};
    switch (said.type) {
      case 'needSession':
        isReady.current = false;
        return say('session', { secret: await SecureStore.getItemAsync(KEY) });
      case 'session':
        // The conversation's key, kept encrypted: null is signed out.
        if (typeof data.secret === 'string') return SecureStore.setItemAsync(KEY, data.secret);
        return SecureStore.deleteItemAsync(KEY);
      case 'needIdentity':
        return say('identify', { token: identity ? await identity() : null });
      case 'ready':
        isReady.current = true;
        return tellSafeArea();
      case 'unread':
        return onUnread?.(Number(data.count));
      case 'openUrl':
        // http, https, mailto and tel: the page tells of no others.
        return Linking.openURL(String(data.url)).catch(() => undefined);
      case 'closed':
        return onClose();
    }
  };

  return (
    <WebView
      ref={webView}
      source={{ uri: address }}
      originWhitelist={[origin(address)]}
      onMessage={hear}
      // The webview stays with the chat, whatever happens in it.
      onShouldStartLoadWithRequest={(request) => isHome(request.url, address)}
      onError={lose}
      onHttpError={lose}
      onContentProcessDidTerminate={restart}
      onRenderProcessGone={restart}
      domStorageEnabled
      setSupportMultipleWindows={false}
      allowsLinkPreview={false}
      hideKeyboardAccessoryView
      automaticallyAdjustContentInsets={false}
      contentInsetAdjustmentBehavior="never"
    />
  );
}

/** The person has signed out. Where a chat is shown, give it a new `key` too, so that it begins anew. */
export function forgetSession(): Promise<void> {
  return SecureStore.deleteItemAsync(KEY);
}

function origin(address: string): string {
  return address.split('/').slice(0, 3).join('/');
}

function isHome(url: string, address: string): boolean {
  return url.split(/[?#]/)[0] === address.split(/[?#]/)[0];
}
