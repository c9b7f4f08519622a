//! Represents another Rust library that is linked statically with link-time optimisation.

#[unsafe(no_mangle)]
pub extern "C" fn other_answer() -> i32 {
    std::panic::catch_unwind(|| "42".parse().unwrap_or(0)).unwrap_or(-1)
}
