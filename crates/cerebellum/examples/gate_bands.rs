//! Prints what the gate does against its bands.
use doozy_cerebellum::*;
fn main() {
    let t = std::time::Instant::now();
    let mut n = Network::new(Preset::Small, 1, Lesion::None);
    let e = t.elapsed().as_secs_f64();
    println!("settle {e} s, {} steps/s", 13000.0 / e);
    let r = n.zone(Zone::Early).rest();
    println!("rest {} {}", r.mli1 * 1000.0, r.mli2 * 1000.0);
    let mut out = vec![];
    let mut id = 0;
    for u in [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0] {
        out.clear();
        for k in 0..200u64 {
            n.schedule(Recruitment {
                id,
                zone: if k % 2 == 0 { Zone::Early } else { Zone::Late },
                u,
                at_step: n.step() + k * 150,
            })
            .unwrap();
            id += 1;
        }
        n.advance(n.step() + 200 * 150 + 120, &mut out);
        let m = |f: &dyn Fn(&Response) -> f64| out.iter().map(f).sum::<f64>() / out.len() as f64;
        println!(
            "u {u} w {:.3} open {:.3} s {:.3} dose {:.3}",
            m(&|r| r.w),
            m(&|r| f64::from(u8::from(r.w > 0.5))),
            m(&|r| r.synchrony),
            m(&|r| r.dose)
        );
    }
}
