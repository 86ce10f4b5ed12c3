//! Entry of the desk's WebAssembly.

fn main() {
    causette_desk::start();
}
