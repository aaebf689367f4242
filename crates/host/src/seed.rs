//! The stack's randomness: thirty-two octets from the kernel, asked for once.

/// A fresh seed for `Stack::new`.
pub fn seed() -> std::io::Result<[u8; 32]> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(std::io::Error::from)?;
    Ok(seed)
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_seeds_differ() {
        assert_ne!(super::seed().unwrap(), super::seed().unwrap());
    }
}
