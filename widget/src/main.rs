//! The program that the panel's document loads.

fn main() {
    causette_widget::start();
}
