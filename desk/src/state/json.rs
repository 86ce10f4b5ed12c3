//! Reading JSON: the browser parses it, and its values are handed to serde.
//!
//! serde_json would bring a parser of its own, and for each type the search for its fields among all that come; here they are
//! asked for by their names.

use js_sys::JSON;
use serde::de::DeserializeOwned;

/// It is no JSON, or none of this type. Which part of it is at fault is not told: nobody could do anything about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Reads a value. What is in it and not in its type is left out.
///
/// # Errors
/// It is no JSON, or none of this type.
pub fn read<T: DeserializeOwned>(json: &str) -> Result<T, Malformed> {
    let value = JSON::parse(json).map_err(|_| Malformed)?;
    serde_wasm_bindgen::from_value(value).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use causette_shared::protocol::agent::ServerFrame;
    use serde::{Deserialize, Serialize};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(transparent)]
    struct At(i64);

    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Plain,
        Held(Vec<Kind>),
        Pair(u8, bool),
        Named { at: At, none: Option<String> },
    }

    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Whole {
        last_at: At,
        kind: Kind,
        texts: BTreeMap<String, BTreeMap<String, String>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        nothing: Option<u64>,
        #[serde(default)]
        later: Vec<u8>,
        pair: (u16, String),
        end: bool,
    }

    fn whole() -> Whole {
        let greeting = BTreeMap::from([("__proto__".to_owned(), "\u{1f600}\"\\ \0".to_owned())]);
        let named = Kind::Named { at: At(-9_007_199_254_740_991), none: None };
        Whole {
            last_at: At(1_790_000_000_000),
            kind: Kind::Held(vec![Kind::Plain, Kind::Pair(255, false), named, Kind::Held(vec![])]),
            texts: BTreeMap::from([("sales".to_owned(), greeting), (String::new(), BTreeMap::new())]),
            nothing: None,
            later: vec![1, 2],
            pair: (7, "<b>".to_owned()),
            end: true,
        }
    }

    #[wasm_bindgen_test]
    fn what_serde_writes_is_read() {
        let text = serde_json::to_string(&whole()).expect("it can be written");
        assert_eq!(read(&text), Ok(whole()));
        // In any order, with more than is known and less than is needed.
        let text = r#"{"end":true,"extra":[{}],"kind":"plain","pair":[1,"a"],"texts":{},"lastAt":-0.0}"#;
        let read = read::<Whole>(text);
        let texts = BTreeMap::new();
        let pair = (1, "a".to_owned());
        let wanted =
            Whole { last_at: At(0), kind: Kind::Plain, texts, nothing: None, later: vec![], pair, end: true };
        assert_eq!(read, Ok(wanted));
        assert_eq!(super::read::<Option<u8>>("null"), Ok(None));
        assert_eq!(super::read::<()>("null"), Ok(()));
    }

    #[wasm_bindgen_test]
    fn what_is_no_json_or_of_no_such_kind_is_refused() {
        let good = serde_json::to_value(whole()).expect("it can be written");
        for (field, bad) in [
            ("lastAt", "null"),
            ("lastAt", "1.5"),
            ("lastAt", "9007199254740993"),
            ("lastAt", "\"1\""),
            ("kind", "\"unknown\""),
            ("kind", "\"held\""),
            ("kind", "{\"plain\":1}"),
            ("kind", "{\"held\":[],\"plain\":null}"),
            ("kind", "{\"pair\":[256,true]}"),
            ("kind", "{\"pair\":[1]}"),
            ("kind", "{\"pair\":[-1,true]}"),
            ("kind", "{\"named\":{\"none\":null}}"),
            ("texts", "null"),
            ("later", "null"),
            ("nothing", "\"no\""),
            ("end", "0"),
        ] {
            let mut value = good.clone();
            value[field] = serde_json::from_str(bad).expect("it is JSON");
            assert_eq!(read::<Whole>(&value.to_string()), Err(Malformed), "{field}: {bad}");
        }
        for field in ["lastAt", "kind", "texts", "pair", "end"] {
            let mut value = good.clone();
            value.as_object_mut().and_then(|object| object.remove(field));
            assert_eq!(read::<Whole>(&value.to_string()), Err(Malformed), "without {field}");
        }
        for text in ["", "{", "[]", "null", "7", "\"plain\"", "undefined", "{} {}", "{\"end\":true,}"] {
            assert_eq!(read::<Whole>(text), Err(Malformed), "{text}");
        }
        assert_eq!(read::<ServerFrame>("{\"__proto__\":{}}"), Err(Malformed));
    }
}
