//! winit through Bevy: it drops the time of a key press and hands keys over with the frame, up to a frame late.
//!
//! So it only says which X window the precise tap shall listen for, once for each session. Where that tap cannot be had,
//! its keys go to the frame tap, which flags them as coarse (engineering.md §3).

use bevy::{
    input::{ButtonState, keyboard::KeyboardInput},
    prelude::*,
    window::{Monitor, OnMonitor, PrimaryWindow, RawHandleWrapper, WindowFocused},
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

/// Tells each session and calibration the display that the window is on, and when it moves to another.
fn show_on(
    windows: Query<&OnMonitor, With<PrimaryWindow>>,
    monitors: Query<&Monitor>,
    mut bridge: NonSendMut<Bridge>,
    mut measuring: NonSendMut<Measuring>,
    mut told: Local<Option<String>>,
) {
    if !bridge.is_attached() || bridge.is_new() {
        *told = None;
    }
    let monitor = windows.iter().next().and_then(|on| monitors.get(on.0).ok());
    let Some(name) = monitor.and_then(|monitor| monitor.name.as_deref()) else { return };
    measuring.show_on(name);
    if bridge.is_attached() && told.as_deref() != Some(name) {
        *told = Some(name.to_owned());
        bridge.command(Command::Display(name.to_owned()));
    }
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
    app.add_systems(PreUpdate, (introduce, show_on, feed));
}
