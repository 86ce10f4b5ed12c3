//! Minifying JavaScript with the crates of the oxc project.

use anyhow::{Result, anyhow, bail};
use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions, CommentOptions};
use oxc_compat::EngineTargets;
use oxc_minifier::{CompressOptions, MangleOptions, Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;

/// How a browser runs a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// At once, with its top-level names visible to all; those are kept.
    Classic,
    /// As a module; only what it exports keeps its name.
    Module,
}

/// Minifies a script. No newer syntax than ES2020 is brought in, so that an old browser fails only over what was
/// written by hand.
///
/// # Errors
///
/// When the script is not JavaScript; the message names the file and the line.
pub fn minify(name: &str, source: &str, kind: Kind) -> Result<String> {
    let source_type = match kind {
        Kind::Classic => SourceType::script(),
        Kind::Module => SourceType::mjs(),
    };
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, source_type).parse();
    if let Some(mistake) = parsed.diagnostics.first() {
        let offset = mistake.labels.first().map_or(0, |label| label.offset());
        bail!("{name}:{}: {}", line_of(source, offset), mistake.message);
    }
    let mut program = parsed.program;
    let target = EngineTargets::from_target("es2020").map_err(|error| anyhow!(error))?;
    let options = MinifierOptions {
        mangle: Some(MangleOptions::default()),
        mangle_properties: None,
        compress: Some(CompressOptions { target, ..CompressOptions::smallest() }),
    };
    let minified = Minifier::new(options).minify(&allocator, &mut program);
    let printed = Codegen::new()
        .with_options(CodegenOptions {
            minify: true,
            comments: CommentOptions::disabled(),
            ..Default::default()
        })
        .with_scoping(minified.scoping)
        .build(&program);
    Ok(printed.code)
}

fn line_of(source: &str, offset: u32) -> usize {
    source.bytes().take(offset as usize).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::{Kind, minify};

    #[test]
    fn local_names_shrink_and_comments_go() {
        let source =
            "(function () {\n  // why\n  var answer = document.title;\n  use(answer, answer);\n})();";
        let code = minify("boot.js", source, Kind::Classic).expect("is a script");
        assert!(code.len() < 60 && !code.contains("answer") && !code.contains("why"), "{code}");
    }

    #[test]
    fn globals_and_exports_keep_their_names() {
        let code = minify("a.js", "function keep() { return __CAUSETTE_SETTINGS__ }", Kind::Classic);
        let code = code.expect("is a script");
        assert!(code.contains("keep") && code.contains("__CAUSETTE_SETTINGS__"), "{code}");
        let code =
            minify("b.js", "const inner = 1; export { inner as outer };", Kind::Module).expect("is a module");
        assert!(code.contains("outer") && !code.contains("inner"), "{code}");
    }

    #[test]
    fn a_mistake_is_reported_with_its_line() {
        let error = minify("boot.js", "var a = 1;\nvar = 2;", Kind::Classic).expect_err("is no script");
        assert!(format!("{error:#}").starts_with("boot.js:2: "), "{error:#}");
    }
}
