// The chat of a site in an app: WKWebView, iOS 15 and later. See ../README.md.
import Security
import UIKit
import WebKit

final class CausetteViewController: UIViewController {
    /// `https://chat.example.com/chat/SITE`.
    private let address: URL
    /// A fresh token of the person who is signed in; nil where nobody is.
    var identity: (@escaping (String?) -> Void) -> Void = { $0(nil) }
    /// How many messages are unread, for a badge.
    var onUnread: (Int) -> Void = { _ in }

    private var webView: WKWebView!
    private var isReady = false
    private lazy var session = Keychain(account: (address.host ?? "") + address.path)

    init(address: URL) {
        self.address = address
        super.init(nibName: nil, bundle: nil)
    }

    required init?(coder: NSCoder) { nil }

    override func viewDidLoad() {
        super.viewDidLoad()
        let configuration = WKWebViewConfiguration()
        // Weak: the controller of scripts would keep this one alive for ever.
        configuration.userContentController.add(WeakHandler(self), name: "causette")
        webView = WKWebView(frame: .zero, configuration: configuration)
        webView.navigationDelegate = self
        // Insets are told to the page, which lays itself out.
        webView.scrollView.contentInsetAdjustmentBehavior = .never
        webView.allowsLinkPreview = false
        view.addSubview(webView)
        webView.translatesAutoresizingMaskIntoConstraints = false
        NSLayoutConstraint.activate([
            webView.topAnchor.constraint(equalTo: view.topAnchor),
            webView.bottomAnchor.constraint(equalTo: view.bottomAnchor),
            webView.leadingAnchor.constraint(equalTo: view.leadingAnchor),
            webView.trailingAnchor.constraint(equalTo: view.trailingAnchor),
        ])
        let center = NotificationCenter.default
        center.addObserver(
            self, selector: #selector(keyboardMoves), name: UIResponder.keyboardWillChangeFrameNotification, object: nil)
        webView.load(URLRequest(url: address))
    }

    override func viewSafeAreaInsetsDidChange() {
        super.viewSafeAreaInsetsDidChange()
        tellSafeArea()
    }

    /// The person has signed in: `identity` gives their token.
    func signIn() {
        identity { [weak self] token in self?.say("identify", ["token": orNull(token)]) }
    }

    /// The person has signed out: nothing of them stays.
    func signOut() {
        session.secret = nil
        say("session", ["secret": NSNull()])
    }

    /// Asks the page first: it closes what is open in it, or says `closed`.
    func goBack() {
        // Before the page is there, or where it could not be loaded, the screen is left.
        if isReady { say("back", [:]) } else { dismiss(animated: true) }
    }

    private func say(_ type: String, _ data: [String: Any]) {
        let message: [String: Any] = ["v": 1, "id": UUID().uuidString, "type": type, "data": data]
        guard let json = try? JSONSerialization.data(withJSONObject: message),
            let text = String(data: json, encoding: .utf8)
        else { return }
        webView?.evaluateJavaScript("window.causetteApp && causetteApp(\(text))")
    }

    private func tellSafeArea() {
        let insets = view.safeAreaInsets
        say("safeArea", ["top": insets.top, "right": insets.right, "bottom": insets.bottom, "left": insets.left])
    }

    @objc private func keyboardMoves(_ notification: Notification) {
        guard let frame = notification.userInfo?[UIResponder.keyboardFrameEndUserInfoKey] as? CGRect else { return }
        let covered = view.bounds.intersection(view.convert(frame, from: nil)).height
        say("keyboard", ["height": covered])
    }
}

extension CausetteViewController: WKScriptMessageHandler {
    func userContentController(_ controller: WKUserContentController, didReceive message: WKScriptMessage) {
        // Nobody but our server's page, and no frame in it, is listened to.
        let origin = message.frameInfo.securityOrigin
        guard message.frameInfo.isMainFrame, origin.protocol == address.scheme, origin.host == address.host,
            origin.port == port(of: address),
            let text = message.body as? String,
            let said = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
            let type = said["type"] as? String
        else { return }
        let data = said["data"] as? [String: Any] ?? [:]
        switch type {
        case "needSession":
            isReady = false
            say("session", ["secret": orNull(session.secret)])
        case "session": session.secret = data["secret"] as? String
        case "needIdentity": signIn()
        case "ready":
            isReady = true
            tellSafeArea()
        case "unread": onUnread(data["count"] as? Int ?? 0)
        case "openUrl":
            // http, https, mailto and tel: the page tells of no others.
            if let text = data["url"] as? String, let url = URL(string: text) { UIApplication.shared.open(url) }
        case "closed": dismiss(animated: true)
        default: break
        }
    }
}

extension CausetteViewController: WKNavigationDelegate {
    /// The webview stays with the chat, whatever happens in it. The form with `async` is the same for every version of Swift: a
    /// handler without the attributes that Swift 6 wants would be no part of the protocol, and nobody would ask.
    func webView(_ webView: WKWebView, decidePolicyFor action: WKNavigationAction) async -> WKNavigationActionPolicy {
        let url = action.request.url
        let isOurs = url?.scheme == address.scheme && url?.host == address.host && url.map(port) == port(of: address)
            && url?.path == address.path
        return isOurs ? .allow : .cancel
    }

    /// There is no page that could say `closed`: the way back is ours.
    func webView(_ webView: WKWebView, didFailProvisionalNavigation navigation: WKNavigation!, withError error: Error) {
        isReady = false
    }

    /// The system has ended the page to save memory.
    func webViewWebContentProcessDidTerminate(_ webView: WKWebView) {
        isReady = false
        webView.load(URLRequest(url: address))
    }
}

/// The port as WebKit tells it: 0 for that of the scheme, named or not.
private func port(of url: URL) -> Int {
    let usual = url.scheme == "https" ? 443 : 80
    return url.port == usual ? 0 : url.port ?? 0
}

/// JSON knows null, and a dictionary of Swift does not.
private func orNull(_ text: String?) -> Any {
    if let text { return text }
    return NSNull()
}

private final class WeakHandler: NSObject, WKScriptMessageHandler {
    private weak var handler: WKScriptMessageHandler?

    init(_ handler: WKScriptMessageHandler) { self.handler = handler }

    func userContentController(_ controller: WKUserContentController, didReceive message: WKScriptMessage) {
        handler?.userContentController(controller, didReceive: message)
    }
}

/// The session is the conversation's key: it is kept where no backup and no other app reads it.
private struct Keychain {
    let account: String

    private var query: [String: Any] {
        [kSecClass as String: kSecClassGenericPassword, kSecAttrService as String: "causette",
         kSecAttrAccount as String: account]
    }

    var secret: String? {
        get {
            var found: CFTypeRef?
            let asked = query.merging([kSecReturnData as String: true]) { $1 }
            guard SecItemCopyMatching(asked as CFDictionary, &found) == errSecSuccess, let data = found as? Data
            else { return nil }
            return String(data: data, encoding: .utf8)
        }
        nonmutating set {
            SecItemDelete(query as CFDictionary)
            guard let newValue else { return }
            let kept: [String: Any] = [
                kSecValueData as String: Data(newValue.utf8),
                kSecAttrAccessible as String: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly,
            ]
            SecItemAdd(query.merging(kept) { $1 } as CFDictionary, nil)
        }
    }
}
