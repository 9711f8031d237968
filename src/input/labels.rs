//! What is printed on a key, for prompts: bindings go by place, but a person looks for a letter (cases A26).
//!
//! [`Labels::ask`] asks the X server for the letters of the layout in force. It takes one round trip or two, so a screen asks
//! anew when it opens, and a layout that was switched in the meantime is followed. Without a server the letter is that of the
//! place's name, which is the one of US keyboards.

use std::collections::BTreeMap;

use super::{Control, bindings::Slot};

/// The letters of the layout that was in force when they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// By evdev code; what is missing has the name of its place.
    printed: BTreeMap<u16, String>,
}

impl Labels {
    /// The letters of `display` (`None`: $DISPLAY); those of the places where there is no X server.
    #[cfg(feature = "devices")]
    #[must_use]
    pub fn ask(display: Option<&str>) -> Self {
        match server::printed(display) {
            Ok(printed) => Self { printed },
            Err(error) => {
                tracing::info!("keys are called by their places: {error}");
                Self::default()
            }
        }
    }

    /// The letters of the places: nothing can be asked without devices.
    #[cfg(not(feature = "devices"))]
    #[must_use]
    pub fn ask(_display: Option<&str>) -> Self {
        Self::default()
    }

    /// What to call a control: the key's letter in capitals, or the name of its place where it prints nothing (`Space`,
    /// `Enter`, `PadSouth`, `Note36`).
    #[must_use]
    pub fn label(&self, control: Control) -> String {
        if let Control::Key(code) = control
            && let Some(printed) = self.printed.get(&code)
        {
            return printed.clone();
        }
        let name = control.to_string();
        let letter = name.strip_prefix("Key").or_else(|| name.strip_prefix("Digit"));
        letter.filter(|letter| letter.len() == 1).map_or(name.clone(), str::to_owned)
    }

    /// As [`Labels::label`], for what answers a lane.
    #[must_use]
    pub fn of(&self, slot: Slot) -> String {
        match slot {
            Slot::Control(control) => self.label(control),
            Slot::AnyNote => slot.to_string(),
        }
    }
}

/// Asks now what a control is called; see [`Labels`]. To name several, ask once for all.
#[must_use]
pub fn label(control: Control) -> String {
    Labels::ask(None).label(control)
}

#[cfg(feature = "devices")]
mod server {
    use std::collections::BTreeMap;

    use x11rb::{
        connection::Connection,
        errors::{ConnectError, ConnectionError, ReplyError},
        protocol::{
            xkb::{ConnectionExt as _, ID},
            xproto::{ConnectionExt as _, GetKeyboardMappingReply, Keysym},
        },
    };

    use crate::input::{Control, taps::x11::connect};

    #[derive(Debug, thiserror::Error)]
    pub enum LabelsError {
        #[error(transparent)]
        Connect(#[from] ConnectError),
        #[error(transparent)]
        Connection(#[from] ConnectionError),
        #[error(transparent)]
        Reply(#[from] ReplyError),
    }

    pub fn printed(display: Option<&str>) -> Result<BTreeMap<u16, String>, LabelsError> {
        let (conn, _) = connect(display)?;
        let (first, last) = (conn.setup().min_keycode, conn.setup().max_keycode);
        let mapping = conn.get_keyboard_mapping(first, last.saturating_sub(first).saturating_add(1))?.reply()?;
        // which of the user's layouts is switched on; a server without XKB has one
        let group = conn
            .xkb_use_extension(1, 0)
            .ok()
            .and_then(|cookie| cookie.reply().ok())
            .filter(|reply| reply.supported)
            .and_then(|_| conn.xkb_get_state(u16::from(ID::USE_CORE_KBD)).ok()?.reply().ok())
            .map_or(0, |state| usize::from(u8::from(state.group)));
        Ok(letters(first, &mapping, group))
    }

    fn letters(first: u8, mapping: &GetKeyboardMappingReply, group: usize) -> BTreeMap<u16, String> {
        let width = usize::from(mapping.keysyms_per_keycode).max(1);
        let keys = mapping.keysyms.chunks_exact(width).zip(u32::from(first)..);
        let printed = keys.filter_map(|(keysyms, keycode)| {
            let Control::Key(code) = Control::from_x11_keycode(keycode)? else { return None };
            // The core protocol lists two levels of the first group, then two of the second; further ones lie elsewhere.
            let of_group = keysyms.get(2 * group).filter(|keysym| group < 2 && **keysym != 0);
            letter(*of_group.or_else(|| keysyms.first())?).map(|letter| (code, letter))
        });
        printed.collect()
    }

    /// What a keysym prints; none for space, arrows and other keys with a name.
    pub fn letter(keysym: Keysym) -> Option<String> {
        // dead keys show the accent that they add (keysymdef.h)
        let dead = match keysym {
            0xfe50 => Some('`'),
            0xfe51 => Some('´'),
            0xfe52 => Some('^'),
            0xfe53 => Some('~'),
            0xfe54 => Some('¯'),
            0xfe57 => Some('¨'),
            0xfe58 => Some('°'),
            0xfe5b => Some('¸'),
            _ => None,
        };
        let keysym = xkeysym::Keysym::new(keysym);
        // the keys of the number pad print what others do and are called by their place
        if keysym.is_keypad_key() {
            return None;
        }
        let printed = dead.or_else(|| keysym.key_char()).filter(|c| !c.is_whitespace() && !c.is_control())?;
        let mut capital = printed.to_uppercase();
        // ß would become two
        Some(if capital.len() == 1 { capital.next()? } else { printed }.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label_of(labels: &Labels, name: &str) -> String {
        labels.label(name.parse().unwrap())
    }

    #[test]
    fn without_a_server_keys_have_the_letters_of_their_places() {
        let labels = Labels::default();
        let names = ["KeyA", "Digit1", "Space", "Semicolon", "Key183", "F1", "PadSouth", "Note36", "ArrowUp"];
        let right = ["A", "1", "Space", "Semicolon", "Key183", "F1", "PadSouth", "Note36", "ArrowUp"];
        assert_eq!(names.map(|name| label_of(&labels, name)), right);
        assert_eq!(labels.of(Slot::AnyNote), "AnyNote");
    }

    #[cfg(feature = "devices")]
    #[test]
    fn a_keysym_prints_its_letter_in_capitals() {
        // keysymdef.h: q, eacute, ssharp, Cyrillic_ef, dead_circumflex, space, Return, KP_1, Up, NoSymbol, U+20AC
        let keysyms = [0x71, 0xe9, 0xdf, 0x6c6, 0xfe52, 0x20, 0xff0d, 0xffb1, 0xff52, 0, 0x0100_20ac];
        let right = [Some("Q"), Some("É"), Some("ß"), Some("Ф"), Some("^"), None, None, None, None, None, Some("€")];
        assert_eq!(keysyms.map(server::letter), right.map(|letter| letter.map(str::to_owned)));
    }

    #[cfg(feature = "devices")]
    #[test]
    fn the_prompt_shows_the_users_letter_and_the_place_keeps_its_lane() {
        use std::time::Duration;

        use crate::{
            clock::Clock,
            input::{
                Bindings, Edge, Notice, Taps,
                bindings::DeviceRef,
                merge::TapKind,
                taps::x11::{Gate, X11Tap},
                xvfb::Xvfb,
            },
        };

        // cases A26: the key left of S and the key of digit 1 under us, fr, us(dvorak) and jp, switched in mid-session.
        let xvfb = Xvfb::start();
        let keys = xvfb.connect();
        let mut taps = Taps::new(Clock::host());
        let _tap = X11Tap::start(taps.port(TapKind::X11), Some(&xvfb.display), Gate::Open).unwrap();
        let mut inputs = Vec::new();
        let mut wait = |done: &dyn Fn(&[crate::input::TimedInput], &[Notice]) -> bool| {
            let mut notices = Vec::new();
            for _ in 0..20_000 {
                taps.poll(&mut inputs);
                notices.extend(taps.take_notices());
                if done(&inputs, &notices) {
                    return inputs.clone();
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            panic!("nothing came: {notices:?}");
        };
        wait(&|_, notices| notices.iter().any(|notice| matches!(notice, Notice::FocusGained { .. })));
        let text = "[layouts.2]\n0 = [\"KeyA\"]\n1 = [\"Digit1\"]\n";
        let bindings = Bindings::with_player_file(text).unwrap().0;
        // keysyms of the two keys, unshifted and shifted, and what is printed on them
        let layouts = [
            ([0x61, 0x41], [0x31, 0x21], ["A", "1"]),
            ([0x71, 0x51], [0x26, 0x31], ["Q", "&"]),
            ([0x61, 0x41], [0x31, 0x21], ["A", "1"]),
            ([0x61, 0x41], [0x31, 0x21], ["A", "1"]),
            // a dead key, and a kana where an input method would be: still one press each
            ([0xfe52, 0xfe57], [0x4b1, 0x4b1], ["^", "ア"]),
        ];
        for (i, (a, one, right)) in layouts.into_iter().enumerate() {
            keys.map(38, a);
            keys.map(10, one);
            let labels = Labels::ask(Some(&xvfb.display));
            assert_eq!(["KeyA", "Digit1"].map(|name| label_of(&labels, name)), right);
            assert_eq!(label_of(&labels, "Space"), "Space");
            for keycode in [38, 10] {
                keys.press(keycode);
                keys.release(keycode);
            }
            let all = wait(&|inputs, _| inputs.len() >= 4 * (i + 1));
            let presses = all.iter().filter(|input| input.edge == Edge::Down);
            let lanes = presses.filter_map(|input| bindings.lane(input.control, DeviceRef::KEYBOARD, 2));
            assert_eq!(lanes.map(|lane| lane.0).collect::<Vec<_>>(), [0, 1].repeat(i + 1));
            assert_eq!(all.len(), 4 * (i + 1), "one press is one tap");
        }
    }

    #[cfg(feature = "devices")]
    #[test]
    fn whole_layouts_are_followed_and_dead_keys_are_one_press() {
        use std::time::Duration;

        use crate::{
            clock::Clock,
            input::{
                Edge, Notice, Taps,
                merge::TapKind,
                taps::x11::{Gate, X11Tap},
                xvfb::Xvfb,
            },
        };

        // cases A26, as a person switches: the keymaps of xkeyboard-config. The key left of S, that of digit 1, the one
        // right of P (dead in fr), and one that prints nothing.
        let xvfb = Xvfb::start();
        let keys = xvfb.connect();
        let mut taps = Taps::new(Clock::host());
        let _tap = X11Tap::start(taps.port(TapKind::X11), Some(&xvfb.display), Gate::Open).unwrap();
        let (mut inputs, mut open) = (Vec::new(), false);
        let mut wait = |count: usize| {
            for _ in 0..20_000 {
                taps.poll(&mut inputs);
                open |= taps.take_notices().iter().any(|notice| matches!(notice, Notice::FocusGained { .. }));
                if open && inputs.len() >= count {
                    return inputs.clone();
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            panic!("{} of {count} edges came", inputs.len());
        };
        wait(0);
        let places = ["KeyA", "Digit1", "BracketLeft", "Space"];
        let layouts = [
            ("us", ["A", "1", "[", "Space"]),
            ("fr", ["Q", "&", "^", "Space"]),
            ("us(dvorak)", ["A", "1", "/", "Space"]),
            ("jp", ["A", "1", "@", "Space"]),
            ("ru", ["Ф", "1", "Х", "Space"]),
        ];
        for (i, (layout, right)) in layouts.into_iter().enumerate() {
            xvfb.layout(layout);
            let labels = Labels::ask(Some(&xvfb.display));
            assert_eq!(places.map(|name| label_of(&labels, name)), right, "{layout}");
            for keycode in [38, 10, 34, 65] {
                keys.press(keycode);
                keys.release(keycode);
            }
            let all = wait(8 * (i + 1));
            let pressed = all[8 * i..].iter().filter(|input| input.edge == Edge::Down);
            assert_eq!(pressed.map(|input| input.control.to_string()).collect::<Vec<_>>(), places, "{layout}");
            assert_eq!(all.len(), 8 * (i + 1), "one press is one tap");
        }
    }
}
