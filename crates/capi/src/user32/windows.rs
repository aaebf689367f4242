//! Classes and windows.

use std::sync::Arc;

use synsent_dialects::desk::{Creation, Desk, Window, Wrong};
use synsent_dialects::system::{
    ERROR_INVALID_INDEX, ERROR_INVALID_PARAMETER, ERROR_RESOURCE_NAME_NOT_FOUND, WM_CLOSE, WM_CREATE, WM_DESTROY,
    WM_NCCREATE, WM_NCDESTROY,
};
use synsent_sockets::thread_number;

use super::procedure_at;
use crate::boundary::Foreign;
use crate::kernel32::{desk, entry, fails, read_text, read_wide, told};

/// The style of a window that is shown.
const WS_VISIBLE: u32 = 0x1000_0000;
const SW_HIDE: i32 = 0;
/// Numbers up to here are names of resources.
const RESOURCE_NUMBER_MAX: usize = 0xffff;
/// Classes of the system that programs use for windows that only receive messages. What theirs would show is not shown.
const SYSTEM_CLASSES: [&str; 3] = ["button", "edit", "static"];

const GWLP_WNDPROC: i32 = -4;
const GWLP_HINSTANCE: i32 = -6;
const GWLP_HWNDPARENT: i32 = -8;
const GWLP_ID: i32 = -12;
const GWL_STYLE: i32 = -16;
const GWL_EXSTYLE: i32 = -20;
const GWLP_USERDATA: i32 = -21;

/// How much room a class may ask for in each of its windows; unit: octets.
pub(crate) const WINDOW_EXTRA_OCTETS_MAX: i32 = 4_096;
/// The message windows' parent, who is none.
const HWND_MESSAGE: usize = !2;

/// Where the procedure, the room in a window and the name stand in WNDCLASS and WNDCLASSEX alike; unit: octets.
const CLASS_PROCEDURE_AT: usize = 8;
const CLASS_EXTRA_AT: usize = 20;
const CLASS_NAME_AT: usize = 64;

type ReadText = fn(&Foreign) -> Option<String>;

fn register(class: usize, read: ReadText) -> u16 {
    let class = Foreign::at(class);
    let word = |at| class.read(at).map(usize::from_ne_bytes);
    let procedure = word(CLASS_PROCEDURE_AT).and_then(procedure_at);
    let extra = class
        .read(CLASS_EXTRA_AT)
        .map(i32::from_ne_bytes)
        .filter(|extra| (0..=WINDOW_EXTRA_OCTETS_MAX).contains(extra));
    let name = word(CLASS_NAME_AT).and_then(|name| read(&Foreign::at(name)));
    let (Some(procedure), Some(extra), Some(name), Some(desk)) = (procedure, extra, name, desk()) else {
        return fails(ERROR_INVALID_PARAMETER, 0);
    };
    told(desk.register_class(&name, procedure, extra as usize), 0)
}

/// The name of a class, which may be given by its number.
fn class_name(desk: &Desk, name: usize, read: ReadText) -> Result<String, Wrong> {
    let named = match u16::try_from(name) {
        Ok(atom) => desk.class_named(atom),
        Err(_) => read(&Foreign::at(name)),
    };
    named.ok_or(Wrong::Class)
}

fn unregister(name: usize, read: ReadText) -> i32 {
    let Some(desk) = desk() else { return 0 };
    let done = class_name(&desk, name, read).and_then(|name| desk.unregister_class(&name));
    told(done.map(|()| 1), 0)
}

/// Makes sure of a class that is there without anybody's doing.
fn register_for_system(desk: &Desk, name: &str) {
    if SYSTEM_CLASSES.iter().any(|known| name.eq_ignore_ascii_case(known))
        && let Some(procedure) = procedure_at(def_window_proc_a as *const () as usize)
    {
        // It is there already, or there is no room for it, of which the window's creation tells.
        let _ = desk.register_class(name, procedure, 0);
    }
}

/// What CreateWindowEx is given besides texts.
struct Given {
    style: [u32; 2],
    place: [i32; 4],
    parent: usize,
    menu: usize,
    instance: usize,
    parameter: usize,
}

fn create((class, title): (usize, usize), read: ReadText, given: &Given) -> usize {
    let Some(desk) = desk() else { return 0 };
    let text = if title == 0 { Some(String::new()) } else { read(&Foreign::at(title)) };
    let Some(text) = text else { return fails(ERROR_INVALID_PARAMETER, 0) };
    let parent = given.parent;
    if parent != 0 && parent != HWND_MESSAGE && desk.window(parent).is_none() {
        return fails(Wrong::Window.number(), 0);
    }
    let creation = Creation { title: text, style: given.style, parent, id: given.menu, instance: given.instance };
    let made = class_name(&desk, class, read).and_then(|name| {
        register_for_system(&desk, &name);
        desk.create_window(&name, creation)
    });
    let window = match made {
        Ok(window) => window,
        Err(wrong) => return fails(wrong.number(), 0),
    };
    let structure = create_structure(given, title, class);
    let lparam = structure.as_ptr().expose_provenance() as isize;
    // A window that does not want to be is gone before its creator knows it.
    let wants = desk.send(window, WM_NCCREATE, 0, lparam) != Ok(0);
    if wants && desk.send(window, WM_CREATE, 0, lparam) != Ok(-1) && desk.window(window).is_some() {
        return window;
    }
    if wants {
        destroy(&desk, window);
    } else {
        // It was told of no creation and is told of no end. Its own procedure may have ended it.
        let _ = desk.destroy_window(window);
    }
    0
}

/// CREATESTRUCT, in words of eight octets.
fn create_structure(given: &Given, title: usize, class: usize) -> [u64; 10] {
    let pair = |low: i32, high: i32| u64::from(low as u32) | u64::from(high as u32) << 32;
    let [x, y, width, height] = given.place;
    let [style, ex_style] = given.style;
    [
        given.parameter as u64,
        given.instance as u64,
        given.menu as u64,
        given.parent as u64,
        pair(height, width),
        pair(y, x),
        u64::from(style),
        title as u64,
        class as u64,
        u64::from(ex_style),
    ]
}

/// Whether the window was shown before. Nothing is drawn, but its style says which it is.
fn show(window: usize, how: i32) -> i32 {
    let Some(desk) = desk() else { return 0 };
    let was = desk.change_window(window, |window| {
        let style = &mut window.creation.style[0];
        let was = *style & WS_VISIBLE != 0;
        *style = if how == SW_HIDE { *style & !WS_VISIBLE } else { *style | WS_VISIBLE };
        i32::from(was)
    });
    told(was, 0)
}

/// A picture of the system's, by its number. A program here has no pictures of its own.
fn picture(instance: usize, name: usize) -> usize {
    if instance == 0 && (1..=RESOURCE_NUMBER_MAX).contains(&name) {
        return name;
    }
    fails(ERROR_RESOURCE_NAME_NOT_FOUND, 0)
}

/// Ends a window and its children, each of which is told. One that is about to end already is left to whoever ends it.
fn destroy(desk: &Arc<Desk>, window: usize) -> i32 {
    match begin_to_end(desk, window) {
        Ok(true) => {}
        Ok(false) => return 1,
        Err(wrong) => return fails(wrong.number(), 0),
    }
    let tell = |window, message| {
        // Its own procedure may have ended it meanwhile.
        let _ = desk.send(window, message, 0, 0);
    };
    // A window is told first and goes last, with its descendants between the two.
    tell(window, WM_DESTROY);
    let mut ends = vec![(window, desk.children(window).into_iter())];
    while let Some((ending, children)) = ends.last_mut() {
        let ending = *ending;
        if let Some(child) = children.next() {
            if begin_to_end(desk, child) == Ok(true) {
                tell(child, WM_DESTROY);
                ends.push((child, desk.children(child).into_iter()));
            }
            continue;
        }
        ends.pop();
        tell(ending, WM_NCDESTROY);
        let ended = desk.destroy_window(ending).map(|()| 1);
        if ends.is_empty() {
            return told(ended, 0);
        }
    }
    1
}

/// From now on a window of the calling thread is about to end; false when it was before.
fn begin_to_end(desk: &Desk, window: usize) -> Result<bool, Wrong> {
    let thread = thread_number();
    desk.change_window(window, |window| {
        if window.thread == thread { Ok(!std::mem::replace(&mut window.is_ending, true)) } else { Err(Wrong::NotOwner) }
    })?
}

/// What a window does with a message for which its program has no use.
fn by_default(window: usize, message: u32) -> isize {
    match message {
        WM_NCCREATE => 1,
        WM_CLOSE => {
            if let Some(desk) = desk() {
                destroy(&desk, window);
            }
            0
        }
        _ => 0,
    }
}

/// Where a value of a window stands among those that belong to the program.
fn extra_range(window: &Window, index: i32) -> Option<std::ops::Range<usize>> {
    let from = usize::try_from(index).ok()?;
    let range = from..from.checked_add(size_of::<isize>())?;
    (range.end <= window.extra.len()).then_some(range)
}

/// A value of a window.
fn value(window: &Window, index: i32) -> Option<isize> {
    Some(match index {
        GWLP_WNDPROC => window.procedure.number as isize,
        GWLP_HINSTANCE => window.creation.instance as isize,
        GWLP_HWNDPARENT => window.creation.parent as isize,
        GWLP_ID => window.creation.id as isize,
        GWL_STYLE => window.creation.style[0] as i32 as isize,
        GWL_EXSTYLE => window.creation.style[1] as i32 as isize,
        GWLP_USERDATA => window.user_data as isize,
        _ => isize::from_ne_bytes(window.extra[extra_range(window, index)?].try_into().ok()?),
    })
}

fn set_value(window: &mut Window, index: i32, new: isize) -> Option<isize> {
    let before = value(window, index)?;
    let number = new as usize;
    match index {
        GWLP_WNDPROC => window.procedure = procedure_at(number)?,
        GWLP_HINSTANCE => window.creation.instance = number,
        GWLP_ID => window.creation.id = number,
        GWL_STYLE => window.creation.style[0] = new as u32,
        GWL_EXSTYLE => window.creation.style[1] = new as u32,
        GWLP_USERDATA => window.user_data = number,
        _ => {
            let range = extra_range(window, index)?;
            window.extra[range].copy_from_slice(&new.to_ne_bytes());
        }
    }
    Some(before)
}

fn get_long(window: usize, index: i32) -> isize {
    let Some(known) = desk().and_then(|desk| desk.window(window)) else { return fails(Wrong::Window.number(), 0) };
    value(&known, index).unwrap_or_else(|| fails(ERROR_INVALID_INDEX, 0))
}

fn set_long(window: usize, index: i32, new: isize) -> isize {
    let Some(desk) = desk() else { return 0 };
    if index == GWLP_HWNDPARENT {
        let Some(known) = desk.window(window) else { return fails(Wrong::Window.number(), 0) };
        return told(desk.set_parent(window, new as usize).map(|()| known.creation.parent as isize), 0);
    }
    match desk.change_window(window, |window| set_value(window, index, new)) {
        Ok(Some(before)) => before,
        Ok(None) => fails(ERROR_INVALID_INDEX, 0),
        Err(wrong) => fails(wrong.number(), 0),
    }
}

entry!(RegisterClassA as register_class_a(class: usize) -> u16, or 0, { register(class, read_text) });
entry!(RegisterClassW as register_class_w(class: usize) -> u16, or 0, { register(class, read_wide) });
entry!(RegisterClassExA as register_class_ex_a(class: usize) -> u16, or 0, { register(class, read_text) });
entry!(RegisterClassExW as register_class_ex_w(class: usize) -> u16, or 0, { register(class, read_wide) });
entry!(UnregisterClassA as unregister_class_a(name: usize, _instance: usize) -> i32, or 0, { unregister(name, read_text) });
entry!(UnregisterClassW as unregister_class_w(name: usize, _instance: usize) -> i32, or 0, { unregister(name, read_wide) });

entry!(CreateWindowExA as create_window_ex_a(
    ex_style: u32, class: usize, title: usize, style: u32, x: i32, y: i32, width: i32, height: i32,
    parent: usize, menu: usize, instance: usize, parameter: usize,
) -> usize, or 0, {
    let given = Given { style: [style, ex_style], place: [x, y, width, height], parent, menu, instance, parameter };
    create((class, title), read_text, &given)
});

entry!(CreateWindowExW as create_window_ex_w(
    ex_style: u32, class: usize, title: usize, style: u32, x: i32, y: i32, width: i32, height: i32,
    parent: usize, menu: usize, instance: usize, parameter: usize,
) -> usize, or 0, {
    let given = Given { style: [style, ex_style], place: [x, y, width, height], parent, menu, instance, parameter };
    create((class, title), read_wide, &given)
});

entry!(DestroyWindow as destroy_window(window: usize) -> i32, or 0, {
    desk().map_or(0, |desk| destroy(&desk, window))
});

entry!(IsWindow as is_window(window: usize) -> i32, or 0, {
    i32::from(desk().is_some_and(|desk| desk.window(window).is_some()))
});

entry!(ShowWindow as show_window(window: usize, how: i32) -> i32, or 0, { show(window, how) });

// There is nothing to be drawn again.
entry!(UpdateWindow as update_window(window: usize) -> i32, or 0, { is_window(window) });

entry!(LoadIconA as load_icon_a(instance: usize, name: usize) -> usize, or 0, { picture(instance, name) });
entry!(LoadIconW as load_icon_w(instance: usize, name: usize) -> usize, or 0, { picture(instance, name) });
entry!(LoadCursorA as load_cursor_a(instance: usize, name: usize) -> usize, or 0, { picture(instance, name) });
entry!(LoadCursorW as load_cursor_w(instance: usize, name: usize) -> usize, or 0, { picture(instance, name) });

// The handle says which object it is; nothing is done with it.
entry!(GetStockObject as get_stock_object(object: i32) -> usize, or 0, {
    u8::try_from(object).map_or(0, |object| 0x100 + usize::from(object))
});

entry!(DefWindowProcA as def_window_proc_a(window: usize, message: u32, _wparam: usize, _lparam: isize) -> isize, or 0, {
    by_default(window, message)
});

entry!(DefWindowProcW as def_window_proc_w(window: usize, message: u32, _wparam: usize, _lparam: isize) -> isize, or 0, {
    by_default(window, message)
});

entry!(GetWindowLongPtrA as get_window_long_ptr_a(window: usize, index: i32) -> isize, or 0, { get_long(window, index) });
entry!(GetWindowLongPtrW as get_window_long_ptr_w(window: usize, index: i32) -> isize, or 0, { get_long(window, index) });

entry!(SetWindowLongPtrA as set_window_long_ptr_a(window: usize, index: i32, new: isize) -> isize, or 0, {
    set_long(window, index, new)
});

entry!(SetWindowLongPtrW as set_window_long_ptr_w(window: usize, index: i32, new: isize) -> isize, or 0, {
    set_long(window, index, new)
});
