//! winit through Bevy: it drops the time of a key press and hands keys over with the frame, up to a frame late.
//!
//! So it only says which X window the precise tap shall listen for, once for each session. Where that tap cannot be had,
//! its keys go to the frame tap, which flags them as coarse (engineering.md §3).

use bevy::{
    input::{ButtonState, keyboard::KeyboardInput},
    prelude::*,
    window::{PrimaryWindow, RawHandleWrapper, WindowFocused},
};
use raw_window_handle::RawWindowHandle;

use crate::{
    conductor::note::Command,
    game::{bridge::Bridge, controls::control_of, measuring::Measuring},
};

/// The X window behind a handle; `None` on any other window system.
fn x_window(handle: &RawHandleWrapper) -> Option<u32> {
    match handle.get_window_handle() {
        RawWindowHandle::Xlib(window) => u32::try_from(window.window).ok(),
        RawWindowHandle::Xcb(window) => Some(window.window.get()),
        _ => None,
    }
}

/// Tells each new session and calibration its window.
fn introduce(
    windows: Query<&RawHandleWrapper, With<PrimaryWindow>>,
    mut bridge: NonSendMut<Bridge>,
    mut measuring: NonSendMut<Measuring>,
    mut told: Local<bool>,
) {
    let window = windows.iter().next().and_then(x_window);
    if let Some(window) = window {
        measuring.introduce(window);
    }
    if !bridge.is_attached() {
        *told = false;
        return;
    }
    if bridge.is_new() {
        *told = false;
    }
    let Some(window) = window.filter(|_| !*told) else { return };
    *told = true;
    bridge.command(Command::Window(window));
}

/// Feeds the frame tap, where there is one.
fn feed(
    mut keys: MessageReader<KeyboardInput>,
    mut focused: MessageReader<WindowFocused>,
    mut bridge: NonSendMut<Bridge>,
) {
    let Some(now) = bridge.now() else {
        keys.clear();
        focused.clear();
        return;
    };
    let Some(tap) = bridge.frame_tap() else {
        keys.clear();
        focused.clear();
        return;
    };
    for message in focused.read() {
        tap.focus(message.focused, now);
    }
    for key in keys.read().filter(|key| !key.repeat) {
        if let Some(control) = control_of(key.key_code) {
            tap.key(control, key.state == ButtonState::Pressed, now);
        }
    }
    tap.frame(now);
}

pub fn plugin(app: &mut App) {
    app.add_systems(PreUpdate, (introduce, feed));
}
