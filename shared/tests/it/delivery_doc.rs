//! docs/delivery.md names the tests that show each guarantee: they exist.

use std::path::Path;

/// The rows that name something: path, and tests where it names any.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let is_path = |name: &&str| name.contains('/');
    page.lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('`').skip(1).step_by(2).collect::<Vec<_>>())
        .filter(|names| names.first().is_some_and(is_path))
        .collect()
}

#[test]
fn every_test_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(root.join("docs/delivery.md")).expect("the page is there");
    let rows = rows(&page);
    assert!(rows.len() > 30, "the page has rows of the form that this test reads");
    for names in rows {
        let path = root.join(names[0]);
        assert!(path.exists(), "{} is named and not there", names[0]);
        // What stands behind the path is a test of that file; another path is looked for alone.
        for name in &names[1..] {
            if name.contains('/') {
                assert!(root.join(name).exists(), "{name} is named and not there");
            } else if !name.contains(' ') {
                let text = std::fs::read_to_string(&path).expect("it is a file");
                assert!(text.contains(name), "{} has no {name}", names[0]);
            }
        }
    }
}
