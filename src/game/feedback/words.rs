//! What the stage says about a verdict: how far off it was, or what happened instead. The number is always the true
//! asynchrony, never the amplified one.

use doozy_training::event::Judged;

use crate::text::Text;

/// The one sentence that is the largest thing on screen.
#[must_use]
pub fn headline(text: &Text, judged: &Judged) -> String {
    text.verdict(judged)
}
