//! Prints what the gate does against its bands.
use doozy_cerebellum::*;
use doozy_cerebellum::experiments::*;
fn main() {
    let seeds: u64 = std::env::args().nth(1).map_or(6, |s| s.parse().unwrap());
    let reps: usize = std::env::args().nth(2).map_or(100, |s| s.parse().unwrap());
    let t = synchrony::run(Preset::Small, 0..seeds, reps);
    println!("rest {:.1}±{:.1} {:.1}±{:.1} spearman {:.3} rising {:.2}", t.mli1_rest_hz.mean, t.mli1_rest_hz.half, t.mli2_rest_hz.mean, t.mli2_rest_hz.half, t.spearman.mean, t.rising);
    for r in &t.rows {
        println!("s {:.4} pk {:.0} x{:.1} spk {:.2} sh {:.2} | r1 {:.3}±{:.3} min {:.3} rbar {:.3} (cf {:.3}) win {:.1} W {:.3} ({:.3})", r.synchrony, r.mli2_peak_hz.mean, r.mli2_peak_ratio.mean, r.mli2_spikes.mean, r.mli2_share.mean, r.mli1_ratio.mean, r.mli1_ratio.half, r.mli1_min.mean, r.inhibition.mean, closed_form::inhibition(r.synchrony), r.window_ms.mean, r.w.mean, closed_form::window_at(r.synchrony));
    }
    let c = chance::table(Preset::Small, 0..2.max(seeds/4), 5.0);
    println!("chance {:?}", c);
    for r in curve::run(Preset::Small, 0..2, &[0.0,0.5,1.0,1.5,2.0,3.0,4.0], 200) {
        println!("u {} w {:.3} sd {:.2} open {:.3} s {:.3} dose {:.3} cf {:.3}", r.u, r.w.mean, r.w_sd, r.open.mean, r.synchrony.mean, r.dose.mean, r.closed_form);
    }
}
