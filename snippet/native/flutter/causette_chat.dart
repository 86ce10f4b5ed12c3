// The chat of a site in an app: Flutter 3.24, webview_flutter 4, flutter_secure_storage, url_launcher. See ../README.md.
import 'dart:convert';

import 'package:flutter/material.dart';
import 'package:flutter_secure_storage/flutter_secure_storage.dart';
import 'package:url_launcher/url_launcher.dart';
import 'package:webview_flutter/webview_flutter.dart';

class CausetteChat extends StatefulWidget {
  const CausetteChat({super.key, required this.address, this.identity, this.onUnread});

  /// `https://chat.example.com/chat/SITE`.
  final Uri address;

  /// A fresh token of the person who is signed in; null where nobody is.
  final Future<String?> Function()? identity;

  /// How many messages are unread, for a badge.
  final void Function(int count)? onUnread;

  /// The person has signed out. Where a chat is shown, give it a new key too, so that it begins anew.
  static Future<void> forgetSession() => _storage.delete(key: _key);

  static const _storage = FlutterSecureStorage();
  static const _key = 'causette.session';

  @override
  State<CausetteChat> createState() => _CausetteChatState();
}

class _CausetteChatState extends State<CausetteChat> {
  late final WebViewController _webView;
  bool _isReady = false;
  int _said = 0;

  @override
  void initState() {
    super.initState();
    _webView = WebViewController()
      ..setJavaScriptMode(JavaScriptMode.unrestricted)
      // The page's end of the bridge, on both systems.
      ..addJavaScriptChannel('causetteNative', onMessageReceived: (message) => _hear(message.message))
      ..setNavigationDelegate(NavigationDelegate(
        // The webview stays with the chat, whatever happens in it.
        onNavigationRequest: (request) =>
            !request.isMainFrame || _isHome(request.url) ? NavigationDecision.navigate : NavigationDecision.prevent,
        // There is no page that could say `closed`: the way back is ours.
        onWebResourceError: (error) {
          if (error.isForMainFrame ?? true) _isReady = false;
        },
      ))
      ..loadRequest(widget.address);
  }

  @override
  void didChangeDependencies() {
    super.didChangeDependencies();
    _tellSafeArea();
  }

  bool _isHome(String url) {
    final to = Uri.tryParse(url);
    final home = widget.address;
    return to != null && to.scheme == home.scheme && to.authority == home.authority && to.path == home.path;
  }

  void _say(String type, [Map<String, Object?> data = const {}]) {
    final message = jsonEncode({'v': 1, 'id': ++_said, 'type': type, 'data': data});
    _webView.runJavaScript('window.causetteApp && causetteApp($message)');
  }

  void _tellSafeArea() {
    if (!_isReady) return;
    // The scaffold below makes the webview smaller for the keyboard; what is left are the edges of the screen.
    final edges = MediaQuery.of(context).padding;
    _say('safeArea', {'top': edges.top, 'right': edges.right, 'bottom': edges.bottom, 'left': edges.left});
  }

  Future<void> _hear(String text) async {
    // Nobody but our server's page is listened to.
    if (!_isHome(await _webView.currentUrl() ?? '')) return;
    final Object? said;
    try {
      said = jsonDecode(text);
    } on FormatException {
      return;
    }
    if (said is! Map<String, Object?> || !mounted) return;
    final data = said['data'] is Map<String, Object?> ? said['data']! as Map<String, Object?> : const <String, Object?>{};
    switch (said['type']) {
      case 'needSession':
        _isReady = false;
        _say('session', {'secret': await CausetteChat._storage.read(key: CausetteChat._key)});
      case 'session':
        // The conversation's key, kept encrypted: null is signed out.
        final secret = data['secret'];
        await (secret is String
            ? CausetteChat._storage.write(key: CausetteChat._key, value: secret)
            : CausetteChat._storage.delete(key: CausetteChat._key));
      case 'needIdentity':
        _say('identify', {'token': await widget.identity?.call()});
      case 'ready':
        _isReady = true;
        _tellSafeArea();
      case 'unread':
        widget.onUnread?.call((data['count'] as num? ?? 0).toInt());
      case 'openUrl':
        // http, https, mailto and tel: the page tells of no others.
        final url = Uri.tryParse('${data['url']}');
        if (url != null) await launchUrl(url, mode: LaunchMode.externalApplication);
      case 'closed':
        if (mounted) Navigator.of(context).pop();
    }
  }

  @override
  Widget build(BuildContext context) {
    return PopScope(
      // The page closes what is open in it, or says `closed`; before it is there, the screen is left.
      canPop: false,
      onPopInvokedWithResult: (didPop, _) {
        if (didPop) return;
        if (_isReady) {
          _say('back');
        } else {
          Navigator.of(context).pop();
        }
      },
      child: Scaffold(resizeToAvoidBottomInset: true, body: WebViewWidget(controller: _webView)),
    );
  }
}
