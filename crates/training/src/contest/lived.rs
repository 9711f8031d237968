//! A simulated person's trial of "what works for you", beside what nobody could measure: how each day would have gone the
//! other way.

use super::{Course, Days, Gate, Hand, NIGHT_HOURS, Run, Tape, rivals::EDGE};
use crate::{
    session::{Amplification, policy::Pilot, steering::Steering},
    yours::{Posterior, Trial},
};

/// What came of a trial.
#[derive(Clone, Debug)]
pub struct Lived {
    pub posterior: Posterior,
    /// The person's true effect: the difference in log expected RMS a day later, amplified against not, with the same luck,
    /// averaged over the days whose morning after was measured.
    pub truth: f64,
    /// Days on which errors were amplified.
    pub on: u32,
}

/// Lives through a course's days, amplified (by the policy of the window's edge) or not as the trial has it.
pub fn live(course: &Course, tape: &Tape, gate: &mut (impl Gate + Clone)) -> Lived {
    let mut trial = Trial::new(tape.seed, course.schedule.block);
    let mut nobody = ();
    let steering = Steering::new(Pilot::new(EDGE, tape.seed), Amplification::IntoWindow);
    let mut run = Run::new(Hand::Learner, course, steering, tape.seed, gate, &mut nobody);
    let (mut effects, mut measured) = (0.0, 0.0);
    for day in 0..course.schedule.days {
        if day > 0 {
            run.learning.rest(NIGHT_HOURS);
        }
        let draws = course.schedule.of_day(tape, day);
        if day + 1 < course.schedule.days {
            effects += run.effect_of(draws);
            measured += 1.0;
        }
        run.practise_a_day(&mut Days::Trial { trial: &mut trial, on: Amplification::IntoWindow }, draws);
    }
    let on = trial.days().iter().filter(|day| day.on).count();
    Lived {
        posterior: trial.posterior(),
        truth: if measured > 0.0 { effects / measured } else { 0.0 },
        on: u32::try_from(on).unwrap_or(u32::MAX),
    }
}

impl<G: Gate + Clone> Run<'_, G, ()> {
    /// The effect of amplifying this day's practice on the log expected RMS of the next morning; nothing is lived by it.
    fn effect_of(&self, draws: &[super::Draws]) -> f64 {
        let morning = |amplification: Amplification| {
            let (mut gate, mut nobody) = (self.gate.clone(), ());
            let mut other = Run {
                course: self.course,
                hand: self.hand,
                person: self.person,
                learning: self.learning,
                steering: self.steering.clone(),
                amplification,
                gate: &mut gate,
                watch: &mut nobody,
                budget: self.budget.clone(),
                tally: self.tally.clone(),
                phase: self.phase,
                rung: self.rung,
                next_rung: self.next_rung,
                event: self.event,
                t: self.t,
                doozy: self.doozy,
                braked: self.braked,
            };
            other.practise_a_day(&mut Days::Alike(amplification), draws);
            other.learning.rest(NIGHT_HOURS);
            libm::log(other.test(1.0))
        };
        morning(Amplification::IntoWindow) - morning(Amplification::Off)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        contest::{ClosedForm, Drill, Schedule},
        learner::{Hypothesis, Profile},
        yours::Says,
    };

    fn people(hypothesis: Hypothesis, days: u32, seeds: std::ops::Range<u64>) -> Vec<Lived> {
        let schedule = Schedule { days, events: 80, block: 20 };
        let mut tape = Tape::default();
        seeds
            .map(|seed| {
                let drill = Drill::ALL[(seed % 3) as usize];
                let course = Course { drill, hypothesis, profile: Profile::Novice, schedule };
                tape.fill(seed, schedule.total());
                live(&course, &tape, &mut ClosedForm::default())
            })
            .collect()
    }

    #[test]
    fn mere_repetition_has_no_effect_and_is_seldom_said_to() {
        let lived = people(Hypothesis::Repetition, 16, 0..100);
        assert!(lived.iter().all(|one| one.truth == 0.0));
        let told = lived.iter().filter(|one| one.posterior.says() != Says::CannotTellYet).count();
        assert!(told <= 8, "{told} of 100");
    }

    #[test]
    fn intervals_hold_the_truth_of_learners_who_do_not_follow_the_model() {
        let mut held = [0_u32; 3];
        let mut all = 0;
        for hypothesis in Hypothesis::ALL {
            for one in people(hypothesis, 12, 0..60) {
                all += 1;
                for (held, level) in held.iter_mut().zip([0.5, 0.8, 0.95]) {
                    let (low, high) = one.posterior.interval(level);
                    *held += u32::from(low <= one.truth && one.truth <= high);
                }
            }
        }
        // effects crowd about zero, so narrow intervals hold more than they say; the one that is told holds what it says
        for (held, (level, most)) in held.into_iter().zip([(0.5, 0.80), (0.8, 0.95), (0.95, 0.99)]) {
            let share = f64::from(held) / f64::from(all);
            let se = libm::sqrt(level * (1.0 - level) / f64::from(all));
            assert!(share > level - 3.0 * se && share < most, "{level}: {share}");
        }
    }

    #[test]
    fn whoever_learns_by_large_errors_is_helped() {
        let lived = people(Hypothesis::Linear, 10, 0..20);
        let mean = lived.iter().map(|one| one.truth).sum::<f64>() / 20.0;
        assert!(mean < 0.0, "{mean}");
        assert!(lived.iter().all(|one| (6..=8).contains(&one.on)));
    }
}
