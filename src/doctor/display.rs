//! The window system and its screens: who stamps keys, by which clock, and how often a picture changes.

use std::fs;

use serde::Serialize;

/// The display.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Display {
    /// $DISPLAY.
    pub name: Option<String>,
    pub answers: bool,
    /// Whether $WAYLAND_DISPLAY is set: then X is XWayland, if anything.
    pub wayland: bool,
    /// The X server says that it is XWayland.
    pub xwayland: bool,
    pub vendor: Option<String>,
    /// Number of the server's release, as its vendor counts.
    pub release: Option<u32>,
    /// XInput's version; raw keys reach every client from 2.1 on.
    pub xinput: Option<String>,
    pub xtest: bool,
    /// Whether the server stamps events by the host's monotonic clock, which bounds late arrivals.
    pub server_clock_known: Option<bool>,
    /// Who stamps keys in the game here.
    pub key_times: String,
    pub screens: Vec<Screen>,
    pub problem: Option<String>,
}

/// A screen that shows something.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Screen {
    pub name: String,
    pub width_px: u16,
    pub height_px: u16,
    /// None where the mode has no pixel clock (virtual screens).
    pub refresh_hz: Option<f64>,
}

/// What draws.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Graphics {
    /// The kernel's render nodes with their drivers; none: only the processor can draw.
    pub render_nodes: Vec<String>,
    /// Vulkan drivers that are installed.
    pub vulkan_drivers: Vec<String>,
    /// Which of them the game takes, only the game knows: how to ask it.
    pub adapter: &'static str,
}

/// What draws here, as far as files tell.
pub(super) fn graphics() -> Graphics {
    let names = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let driver = |node: &String| {
        let link = fs::read_link(format!("/sys/class/drm/{node}/device/driver")).ok();
        link.and_then(|link| Some(format!("{node} ({})", link.file_name()?.to_string_lossy()))).unwrap_or(node.clone())
    };
    let icd = |name: &String| name.split('.').next().unwrap_or(name).trim_end_matches("_icd").to_owned();
    Graphics {
        render_nodes: names("/dev/dri").iter().filter(|name| name.starts_with("renderD")).map(driver).collect(),
        vulkan_drivers: ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"]
            .into_iter()
            .flat_map(names)
            .map(|name| icd(&name))
            .collect(),
        adapter: "doozy demo --headless --seconds 1 --json names it (\"adapter\")",
    }
}

#[cfg(not(feature = "devices"))]
pub(super) fn look() -> Display {
    Display {
        name: std::env::var("DISPLAY").ok(),
        wayland: std::env::var_os("WAYLAND_DISPLAY").is_some(),
        key_times: "none".into(),
        problem: Some("this build has no X11 tap (feature `devices` is off)".into()),
        ..Display::default()
    }
}

#[cfg(feature = "devices")]
pub(super) fn look() -> Display {
    let mut display = Display {
        name: std::env::var("DISPLAY").ok().filter(|name| !name.is_empty()),
        wayland: std::env::var_os("WAYLAND_DISPLAY").is_some_and(|name| !name.is_empty()),
        key_times: "none: no X display".into(),
        ..Display::default()
    };
    if display.name.is_none() {
        display.problem = Some(
            if display.wayland { "Wayland without XWayland: keys cannot be timed here" } else { "DISPLAY is not set" }
                .into(),
        );
        return display;
    }
    if let Err(why) = server::ask(&mut display) {
        display.problem = Some(why);
    }
    display
}

#[cfg(feature = "devices")]
mod server {
    use x11rb::{
        connection::Connection as _,
        protocol::{
            randr::{ConnectionExt as _, ModeFlag, ModeInfo},
            xinput::ConnectionExt as _,
            xproto::ConnectionExt as _,
            xtest::ConnectionExt as _,
        },
        rust_connection::RustConnection,
    };

    use super::{Display, Screen};
    use crate::{
        clock::Clock,
        input::{
            Taps,
            merge::TapKind,
            self_check,
            taps::x11::{Gate, X11Tap},
        },
    };

    pub(super) fn ask(display: &mut Display) -> Result<(), String> {
        let (x, screen) = self_check::connect(None).map_err(|e| format!("the display does not answer: {e}"))?;
        display.answers = true;
        let setup = x.setup();
        display.vendor = Some(String::from_utf8_lossy(&setup.vendor).trim().to_owned());
        display.release = Some(setup.release_number);
        display.xtest = answers(x.xtest_get_version(2, 2).ok().and_then(|c| c.reply().ok()));
        display.xinput = x
            .xinput_xi_query_version(2, 2)
            .ok()
            .and_then(|cookie| cookie.reply().ok())
            .map(|version| format!("{}.{}", version.major_version, version.minor_version));
        let says_so = x.query_extension(b"XWAYLAND").ok().and_then(|cookie| cookie.reply().ok());
        let root = setup.roots[screen].root;
        display.screens = screens(&x, root).unwrap_or_default();
        display.xwayland = says_so.is_some_and(|e| e.present)
            || display.screens.iter().any(|screen| screen.name.starts_with("XWAYLAND"));
        let mut taps = Taps::new(Clock::host());
        match X11Tap::start(taps.port(TapKind::X11), None, Gate::Closed) {
            Ok(tap) => {
                display.server_clock_known = Some(tap.server_clock().is_known());
                display.key_times = "X11 tap".into();
                Ok(())
            }
            Err(error) => {
                display.key_times = "the window's frames: coarse".into();
                Err(error.to_string())
            }
        }
    }

    fn answers<T>(reply: Option<T>) -> bool {
        reply.is_some()
    }

    /// Every screen that is lit, with the rate of its mode.
    fn screens(x: &RustConnection, root: u32) -> Option<Vec<Screen>> {
        let resources = x.randr_get_screen_resources_current(root).ok()?.reply().ok()?;
        let mut screens = Vec::new();
        for output in &resources.outputs {
            let about = x.randr_get_output_info(*output, resources.config_timestamp).ok()?.reply().ok()?;
            if about.crtc == 0 {
                continue;
            }
            let lit = x.randr_get_crtc_info(about.crtc, resources.config_timestamp).ok()?.reply().ok()?;
            screens.push(Screen {
                name: String::from_utf8_lossy(&about.name).into_owned(),
                width_px: lit.width,
                height_px: lit.height,
                refresh_hz: resources.modes.iter().find(|mode| mode.id == lit.mode).and_then(refresh_hz),
            });
        }
        Some(screens)
    }

    /// Pixels a second over pixels a picture (as xrandr reckons).
    pub(super) fn refresh_hz(mode: &ModeInfo) -> Option<f64> {
        let lines = match mode.mode_flags {
            flags if flags.contains(ModeFlag::DOUBLE_SCAN) => 2.0,
            flags if flags.contains(ModeFlag::INTERLACE) => 0.5,
            _ => 1.0,
        };
        let pixels = f64::from(mode.htotal) * f64::from(mode.vtotal) * lines;
        (mode.dot_clock > 0 && pixels > 0.0).then(|| f64::from(mode.dot_clock) / pixels)
    }
}

#[cfg(all(test, feature = "devices"))]
mod tests {
    use x11rb::protocol::randr::{ModeFlag, ModeInfo};

    use super::server::refresh_hz;

    #[test]
    fn a_refresh_rate_is_the_pixel_clock_over_the_whole_picture() {
        // 1920 × 1080 of CEA-861: 148.5 MHz over 2200 × 1125; interlaced at half the clock
        let mode = |dot_clock, mode_flags| ModeInfo {
            id: 1,
            width: 1920,
            height: 1080,
            dot_clock,
            hsync_start: 2008,
            hsync_end: 2052,
            htotal: 2200,
            hskew: 0,
            vsync_start: 1084,
            vsync_end: 1089,
            vtotal: 1125,
            name_len: 0,
            mode_flags,
        };
        assert_eq!(refresh_hz(&mode(148_500_000, ModeFlag::default())), Some(60.0));
        assert_eq!(refresh_hz(&mode(74_250_000, ModeFlag::INTERLACE)), Some(60.0));
        assert_eq!(refresh_hz(&mode(0, ModeFlag::default())), None);
    }
}
