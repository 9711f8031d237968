//! What is down at present: a press is a control that was up, a release one that was down.
//!
//! This is what filters auto-repeat, and what knows which releases are owed when the focus or a device goes away.

use std::collections::BTreeSet;

use super::Control;

/// The controls of one device that are down.
#[derive(Clone, Debug, Default)]
pub struct Held(BTreeSet<Control>);

impl Held {
    /// Notes a press. False for a control that is down already: a repeat, no press.
    #[must_use]
    pub fn press(&mut self, control: Control) -> bool {
        self.0.insert(control)
    }

    /// Notes a release. False for a control that is not down, so that no release comes before its press.
    #[must_use]
    pub fn release(&mut self, control: Control) -> bool {
        self.0.remove(&control)
    }

    /// Lets go of everything; gives what was down, in the order of controls.
    pub fn release_all(&mut self) -> impl Iterator<Item = Control> + use<> {
        std::mem::take(&mut self.0).into_iter()
    }

    #[must_use]
    pub fn is_down(&self, control: Control) -> bool {
        self.0.contains(&control)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const F: Control = Control::Key(33);
    const ALT: Control = Control::Key(56);

    #[test]
    fn repeats_are_no_presses() {
        // cases A19(a): down 900, repeats from 1400 every 33 to 2500, up 2510.
        let mut held = Held::default();
        let downs = [900].into_iter().chain((1400..=2500).step_by(33));
        assert_eq!(downs.filter(|_| held.press(F)).collect::<Vec<_>>(), [900]);
        assert!(held.release(F));
        assert!(!held.release(F));
    }

    #[test]
    fn what_is_let_go_at_once_owes_no_second_release() {
        let mut held = Held::default();
        assert!(held.press(F) && held.press(ALT));
        assert_eq!(held.release_all().collect::<Vec<_>>(), [F, ALT]);
        assert!(!held.is_down(F) && !held.release(F) && !held.release(ALT));
        assert!(held.press(F));
    }
}
