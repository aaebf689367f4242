//! Scenario files: whatever stands in one, it is read or refused with a place in it, and what is read is written and read again as the
//! same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use synsent_lab::Scenarios;

fuzz_target!(|text: &str| {
    match Scenarios::parse(text) {
        Ok(read) => {
            let written = read.emit();
            match Scenarios::parse(&written) {
                Ok(again) => assert_eq!(again, read, "{written}"),
                Err(error) => panic!("{error}\n{written}"),
            }
        }
        Err(error) => assert!(error.line > 0 && error.column > 0 && !error.what.is_empty()),
    }
});
