//! A case that is written in Rust, run on the functions of a table.

use std::ffi::{CStr, c_char, c_int};

use synsent_conformance::{Api, Case, NotHere, Place, cases, enter_real_worlds, run};

use crate::functions::Functions;
use crate::{HELD, NOT_HELD, NOT_HERE, WRONG_USAGE};

/// Runs the case that the arguments name, as `c/cases.h` says.
#[unsafe(no_mangle)]
extern "C" fn synsent_cases_run(functions: *const Functions, argc: c_int, argv: *const *const c_char) -> c_int {
    // SAFETY: the header asks for a table that lives as long as the program, and `main` hands on what it was given: as many
    // pointers to texts as it counts.
    let (functions, arguments) = unsafe {
        let texts = (1..argc.max(1) as usize).map(|at| CStr::from_ptr(*argv.add(at)).to_string_lossy().into_owned());
        (*functions, texts.collect::<Vec<String>>())
    };
    let Some((api, case, place)) = named(functions, &arguments) else {
        eprintln!("the arguments are a place and the number of a case");
        return WRONG_USAGE;
    };
    match in_world(api, case, place) {
        Ok(()) => HELD,
        Err((status, why)) => {
            eprintln!("{why}");
            status
        }
    }
}

fn named(functions: Functions, arguments: &[String]) -> Option<(&'static Api, &'static Case, Place)> {
    let [place, number] = arguments else { return None };
    let (_, cases) = cases::of(functions.system()?)?;
    Some((functions.api()?, cases.get(number.parse::<usize>().ok()?)?, Place::named(place)?))
}

/// The program has one thread, and the world takes it with it.
fn in_world(api: &'static Api, case: &'static Case, place: Place) -> Result<(), (c_int, String)> {
    let not_here = |NotHere(why): NotHere| (NOT_HERE, why);
    if place != Place::Lab {
        enter_real_worlds().map_err(|missing| (WRONG_USAGE, format!("this machine has no {missing}")))?;
    }
    let mut world = place.world_among_files().map_err(not_here)?;
    if !synsent_capi::install(world.network()) {
        return Err((WRONG_USAGE, "the program's sockets were on a network before the case began".to_owned()));
    }
    let row = run(case, api, world.as_mut()).map_err(not_here)?;
    if !row.held {
        return Err((NOT_HELD, format!("{}\n{row:#?}", row.note)));
    }
    if case.in_sweep && row.said != row.expected {
        return Err((NOT_HELD, format!("the row shows another outcome than the promised one: {row:#?}")));
    }
    Ok(())
}
