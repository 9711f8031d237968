//! The keyboard goes to the game's window, where no window manager gives it.

use x11rb::{
    connection::Connection as _,
    protocol::xproto::{ConnectionExt as _, InputFocus, MapState},
};

/// Gives the keyboard to the largest window on the screen, as a window manager would: without the focus winit hears no key.
/// False while there is none to be seen.
pub fn focus_window(display: &str) -> bool {
    let (x, screen) = x11rb::connect(Some(display)).expect("the display answers");
    let root = x.setup().roots[screen].root;
    let windows = x.query_tree(root).expect("a request").reply().expect("a root has a tree").children;
    let area = |window: &u32| {
        let geometry = x.get_geometry(*window).ok()?.reply().ok()?;
        let attributes = x.get_window_attributes(*window).ok()?.reply().ok()?;
        (attributes.map_state == MapState::VIEWABLE).then(|| u32::from(geometry.width) * u32::from(geometry.height))
    };
    let seen = windows.into_iter().filter_map(|window| Some((area(&window)?, window)));
    let Some((_, largest)) = seen.max() else { return false };
    let focus = x.set_input_focus(InputFocus::POINTER_ROOT, largest, x11rb::CURRENT_TIME).expect("a request");
    focus.check().is_ok()
}
