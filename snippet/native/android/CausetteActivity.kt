// The chat of a site in an app: WebView with androidx.webkit 1.6, androidx.activity 1.8 and androidx.security-crypto 1.1. See
// ../README.md.
package com.example.app

import android.annotation.SuppressLint
import android.content.ActivityNotFoundException
import android.content.Context
import android.content.Intent
import android.net.Uri
import android.os.Bundle
import android.webkit.RenderProcessGoneDetail
import android.webkit.WebResourceError
import android.webkit.WebResourceRequest
import android.webkit.WebResourceResponse
import android.webkit.WebView
import android.webkit.WebViewClient
import androidx.activity.ComponentActivity
import androidx.activity.addCallback
import androidx.activity.enableEdgeToEdge
import androidx.core.view.ViewCompat
import androidx.core.view.WindowInsetsCompat
import androidx.security.crypto.EncryptedSharedPreferences
import androidx.security.crypto.MasterKey
import androidx.webkit.JavaScriptReplyProxy
import androidx.webkit.WebViewCompat
import androidx.webkit.WebViewFeature
import org.json.JSONException
import org.json.JSONObject

class CausetteActivity : ComponentActivity() {
    private val address: Uri = Uri.parse("https://chat.example.com/chat/SITE")
    private lateinit var webView: WebView
    private lateinit var session: Session

    /** How the page is answered; there is none before it has said something. */
    private var page: JavaScriptReplyProxy? = null

    @SuppressLint("SetJavaScriptEnabled")
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        // Otherwise the system would keep insets and keyboard from us.
        enableEdgeToEdge()
        session = Session(this)
        webView = WebView(this)
        setContentView(webView)
        webView.settings.javaScriptEnabled = true
        // Where what was not yet sent is kept.
        webView.settings.domStorageEnabled = true
        webView.settings.allowFileAccess = false
        webView.webViewClient = Client()
        if (WebViewFeature.isFeatureSupported(WebViewFeature.WEB_MESSAGE_LISTENER)) {
            // Nobody but our server's page is given the object.
            val origin = "${address.scheme}://${address.authority}"
            WebViewCompat.addWebMessageListener(webView, "causetteNative", setOf(origin)) { _, message, _, isMainFrame, reply ->
                if (isMainFrame) {
                    page = reply
                    hear(message.data ?: "")
                }
            }
        }
        ViewCompat.setOnApplyWindowInsetsListener(webView) { _, insets -> tellInsets(insets); insets }
        // The page closes what is open in it, or says `closed`; without a page to ask, the screen is left.
        onBackPressedDispatcher.addCallback(this) { if (page == null) finish() else say("back", JSONObject()) }
        webView.loadUrl(address.toString())
    }

    /** Out of sight the page counts what is unread, and the visitor is not there. */
    override fun onPause() {
        webView.onPause()
        super.onPause()
    }

    override fun onResume() {
        super.onResume()
        webView.onResume()
    }

    override fun onDestroy() {
        webView.destroy()
        super.onDestroy()
    }

    /** The person has signed out: nothing of them stays. */
    fun signOut() {
        session.secret = null
        say("session", JSONObject().put("secret", JSONObject.NULL))
    }

    private fun hear(text: String) {
        val said = try { JSONObject(text) } catch (_: JSONException) { return }
        val data = said.optJSONObject("data") ?: JSONObject()
        when (said.optString("type")) {
            "needSession" -> say("session", JSONObject().put("secret", session.secret ?: JSONObject.NULL))
            "session" -> session.secret = if (data.isNull("secret")) null else data.getString("secret")
            "needIdentity" -> fetchIdentity { token -> say("identify", JSONObject().put("token", token ?: JSONObject.NULL)) }
            "ready" -> ViewCompat.requestApplyInsets(webView)
            "unread" -> showBadge(data.optInt("count"))
            // http, https, mailto and tel: the page tells of no others.
            "openUrl" -> open(Uri.parse(data.optString("url")))
            "closed" -> finish()
        }
    }

    private fun say(type: String, data: JSONObject) {
        val message = JSONObject().put("v", 1).put("id", System.nanoTime().toString()).put("type", type).put("data", data)
        page?.postMessage(message.toString())
    }

    /** In CSS pixels, which are independent of the screen's density. The keyboard takes the place of the lower bar. */
    private fun tellInsets(insets: WindowInsetsCompat) {
        val density = resources.displayMetrics.density.toDouble()
        val bars = insets.getInsets(WindowInsetsCompat.Type.systemBars() or WindowInsetsCompat.Type.displayCutout())
        val keyboard = insets.getInsets(WindowInsetsCompat.Type.ime()).bottom
        say(
            "safeArea",
            JSONObject().put("top", bars.top / density).put("right", bars.right / density)
                .put("bottom", bars.bottom / density).put("left", bars.left / density),
        )
        say("keyboard", JSONObject().put("height", keyboard / density))
    }

    private fun open(url: Uri) {
        try {
            startActivity(Intent(Intent.ACTION_VIEW, url))
        } catch (_: ActivityNotFoundException) {
            // No app on this device opens it.
        }
    }

    /** A fresh token of the person who is signed in, from your server; null where nobody is. */
    private fun fetchIdentity(give: (String?) -> Unit) = give(null)

    private fun showBadge(count: Int) {
        title = if (count == 0) "Chat" else "Chat ($count)"
    }

    private inner class Client : WebViewClient() {
        /** The webview stays with the chat, whatever happens in it. */
        override fun shouldOverrideUrlLoading(view: WebView, request: WebResourceRequest): Boolean {
            val url = request.url
            return url.scheme != address.scheme || url.authority != address.authority || url.path != address.path
        }

        /** There is no page that could say `closed`: the way back is ours. */
        override fun onReceivedError(view: WebView, request: WebResourceRequest, error: WebResourceError) {
            if (request.isForMainFrame) page = null
        }

        override fun onReceivedHttpError(view: WebView, request: WebResourceRequest, answer: WebResourceResponse) {
            if (request.isForMainFrame) page = null
        }

        /** The system has ended the page to save memory. */
        override fun onRenderProcessGone(view: WebView, detail: RenderProcessGoneDetail): Boolean {
            recreate()
            return true
        }
    }
}

/** The session is the conversation's key: it is kept encrypted, and out of backups (see ../README.md). */
private class Session(context: Context) {
    private val kept = EncryptedSharedPreferences.create(
        context,
        "causette",
        MasterKey.Builder(context).setKeyScheme(MasterKey.KeyScheme.AES256_GCM).build(),
        EncryptedSharedPreferences.PrefKeyEncryptionScheme.AES256_SIV,
        EncryptedSharedPreferences.PrefValueEncryptionScheme.AES256_GCM,
    )

    var secret: String?
        get() = kept.getString("session", null)
        set(value) = kept.edit().putString("session", value).apply()
}
