//! Scratch.
use doozy_cerebellum::experiments::conditioning::*;
use doozy_cerebellum::{Parameters, Preset, circuit::Circuit, network::Zone};

fn parse(list: &[String]) -> (Parameters, std::collections::BTreeMap<String, String>) {
    let mut options = std::collections::BTreeMap::new();
    for a in list {
        let (k, v) = a.split_once('=').expect("k=v");
        options.insert(k.to_owned(), v.to_owned());
    }
    let preset = Preset::named(options.get("preset").map_or("small", |s| s)).unwrap();
    let mut json = serde_json::to_value(Parameters::of(preset)).unwrap();
    for (k, v) in &options {
        if let Some((a, b)) = k.split_once('.') {
            let slot = &mut json[a][b];
            assert!(!slot.is_null(), "{k}");
            *slot = serde_json::from_str(v).unwrap_or_else(|_| serde_json::Value::String(v.clone()));
        }
    }
    (serde_json::from_value(json).unwrap(), options)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (parameters, o) = parse(&args);
    let num = |k: &str, d: f64| o.get(k).map_or(d, |v| v.parse().unwrap());
    let seeds = num("seeds", 1.0) as u64;
    let isis: Vec<u64> = o.get("isi").map_or(vec![500], |s| s.split(',').map(|x| x.parse().unwrap()).collect());
    let shares: Vec<f64> = o.get("share").map_or(vec![0.6], |s| s.split(',').map(|x| x.parse().unwrap()).collect());
    let (acq, over, ext, re) =
        (num("acq", 100.) as usize, num("over", 0.) as usize, num("ext", 300.) as usize, num("re", 100.) as usize);
    let verbose = num("v", 0.) > 0.;
    if let Some(id) = o.get("exp") {
        use doozy_cerebellum::experiments::*;
        let setup = Setup { parameters, effort: Effort::Full };
        for e in all().iter().filter(|e| id.split(',').any(|i| i == e.id())) {
            let t0 = std::time::Instant::now();
            let samples: Vec<Sample> = (num("from", 0.) as u64..seeds).map(|seed| e.run(&setup, seed)).collect();
            println!("{} {:.1}s wall", e.id(), t0.elapsed().as_secs_f64());
            for m in e.measures() {
                let v: Vec<f64> = samples.iter().filter_map(|s| s.values.get(m.key).copied()).collect();
                if v.is_empty() {
                    continue;
                }
                let est = Estimate::of(&v);
                println!(
                    "{:18} {:8.3} ± {:6.3} {:?} {} | {:?}",
                    m.key,
                    est.mean,
                    est.half,
                    m.band.map(|b| (b.low, b.high)),
                    m.band.map_or("", |b| if b.holds(est) { "ok" } else { "SHORT" }),
                    v.iter().map(|x| (x * 100.).round() / 100.).collect::<Vec<_>>()
                );
            }
        }
        return;
    }
    for seed in 1..=seeds {
        let t0 = std::time::Instant::now();
        let circuit = Circuit::new(&parameters, seed).unwrap();
        if verbose || num("rest", 0.) > 0. {
            println!("{:?}", circuit.rest());
        }
        let drift = num("drift", 0.0) as u64;
        if drift > 0 {
            let mut k = circuit.clone();
            let w = |k: &Circuit| Zone::ALL.map(|z| (k.zone(z).synapses().mean_weight() * 1e4).round() / 1e4);
            for _ in 0..3 {
                for _ in 0..drift * 1000 / 3 {
                    k.step();
                }
                print!("{:?} ", w(&k));
            }
            println!("drift over {drift} s, pc {:?} dcn {:?}", k.rates().purkinje, k.rates().nuclei);
        }
        for &isi in &isis {
            for &share in &shares {
                let mut protocol = Protocol::of(isi);
                protocol.share = share;
                let mut c = Conditioning::new(circuit.clone(), protocol);
                let n = num("naive", 10.) as usize;
                let pops = |c: &mut Conditioning, label: &str| {
                    if !verbose {
                        return;
                    }
                    // populations by 50 ms windows over a cue
                    let mut k = c.circuit.clone();
                    k.set_learning(false);
                    let w = 50;
                    let bins = (isi as usize + 150) / w;
                    let mut sums = vec![[0.0f64; 6]; bins];
                    for _ in 0..10 {
                        k.set_cue(Some(0));
                        for row in sums.iter_mut() {
                            k.reset_rates();
                            for _ in 0..w {
                                k.step();
                            }
                            let r = k.rates();
                            for (s, x) in row.iter_mut().zip([
                                r.granule,
                                r.golgi,
                                r.mli1[0],
                                r.mli2[0],
                                r.purkinje[0],
                                r.nuclei[0],
                            ]) {
                                *s += x / 10.0;
                            }
                        }
                        k.set_cue(None);
                        for _ in 0..400 {
                            k.step();
                        }
                    }
                    for (i, row) in sums.iter().enumerate() {
                        println!(
                            "  {label} {:4}: gr {:5.2} go {:5.2} m1 {:5.1} m2 {:5.1} pc {:5.1} dcn {:5.1}",
                            i * w,
                            row[0],
                            row[1],
                            row[2],
                            row[3],
                            row[4],
                            row[5]
                        );
                    }
                };
                pops(&mut c, "naive");
                let naive = c.trials(Kind::Probe, n);
                let w0 = c.circuit.zone(Zone::Early).synapses().mean_weight();
                let a = c.acquire(acq);
                let to = a.trials_to(|s| s >= LEARNED);
                let more = c.trials(Kind::Paired, over);
                let ev = (
                    a.trials.iter().take(10).map(|t| t.evoked).sum::<f64>() / 10.0,
                    if over > 0 { more.mean_of_last(20, |t| t.evoked) } else { a.mean_of_last(10, |t| t.evoked) },
                );
                let lam = a.mean_of_last(100, |t| t.lambda);
                let wa = c.circuit.zone(Zone::Early).synapses().mean_weight();
                pops(&mut c, "learned");
                let p = c.trials(Kind::Probe, num("probes", 20.) as usize);
                let shape = Shape::of(&p.course(), isi);
                let mossy = |c: &Conditioning| {
                    let w = c.circuit.zone(Zone::Early).mossy_synapses().weights();
                    w.iter().sum::<f32>() / w.len() as f32
                };
                let ma = mossy(&c);
                let e = if ext > 0 { c.extinguish(ext) } else { Phase::default() };
                let ex = e.trials_to(|s| s < EXTINGUISHED);
                let me = mossy(&c);
                let r = if re > 0 { c.acquire(re) } else { Phase::default() };
                let rx = r.trials_to(|s| s >= LEARNED);
                let wmin = c.weights().iter().copied().fold(9.0, f64::min);
                println!(
                    "seed {seed} isi {isi} s {share}: naive {:.2} base {:.0} noise lid {:.1}; acq {to:?} end {:.2} ext {ex:?} re {rx:?}; evoked {:.2}->{:.2} lam {lam:.2}; peak {:.2} h {:.0} spread {:.2}; probeCR {:.2}; w {w0:.3}->{wa:.3} wmin {wmin:.2} mf {ma:.3}->{me:.3}->{:.3}; sim {:.0}s wall {:.0}s",
                    naive.last(),
                    c.baseline(),
                    naive.mean_of_last(n, |t| t.lid),
                    if over > 0 { more.mean_of_last(20, |t| f64::from(u8::from(t.responded()))) } else { a.last() },
                    ev.0,
                    ev.1,
                    shape.peak / isi as f64,
                    shape.height,
                    shape.spread / isi as f64,
                    p.last(),
                    mossy(&c),
                    c.elapsed as f64 / 1e3,
                    t0.elapsed().as_secs_f64()
                );
                if verbose {
                    println!("  acq {:?}", a.shares());
                    println!("  over {:?}", more.shares());
                    println!("  ext {:?}", e.shares());
                    println!("  re {:?}", r.shares());
                    println!("  lids acq {:?}", a.trials.iter().map(|t| t.lid as i32).collect::<Vec<_>>());
                    println!("  lids ext {:?}", e.trials.iter().map(|t| t.lid as i32).collect::<Vec<_>>());
                    let course = p.course();
                    println!(
                        "  course {:?}",
                        course
                            .chunks(25)
                            .map(|c| (c.iter().sum::<f64>() / c.len() as f64).round() as i32)
                            .collect::<Vec<_>>()
                    );
                    let w = c.weights();
                    println!(
                        "  weights {:?}",
                        w.chunks(w.len() / 32)
                            .map(|c| ((c.iter().sum::<f64>() / c.len() as f64) * 100.0).round() / 100.)
                            .collect::<Vec<_>>()
                    );
                }
            }
        }
    }
}
