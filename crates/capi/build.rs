//! Gives the shared library its name for the loader. The number changes when a program that was linked before would no longer run.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libsynsent.so.0");
    // Threads may be in it, and the C library calls it when the program forks: once loaded, it stays.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
