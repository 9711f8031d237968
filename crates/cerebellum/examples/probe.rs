use std::collections::HashMap;
use std::time::Instant;

use doozy_cerebellum::{Parameters, Preset, granule::GranularLayer, mossy::Mossy, rng::Stream};

fn main() {
    let mut opts: HashMap<String, f64> = HashMap::new();
    for a in std::env::args().skip(1) {
        let (k, v) = a.split_once('=').unwrap();
        opts.insert(k.to_owned(), v.parse().unwrap());
    }
    let Some(search) = opts.remove("search") else {
        let (score, line) = run(opts, false);
        println!("{line} score {score:.3}");
        return;
    };
    let near = opts.remove("near").unwrap_or(0.0);
    let iterations = opts.remove("n").unwrap_or(200.0) as usize;
    let mut stream = Stream::named(search as u64, "search", 0);
    let ranges: &[(&str, f64, f64, bool)] = &[
        ("gg", 0.05, 5.0, true),
        ("inh", 0.02, 5.0, true),
        ("gc", 1.0, 15.0, true),
        ("gp", 0.5, 10.0, true),
        ("w", 0.45, 1.2, true),
        ("grest", -55.0, -51.8, false),
        ("gslow", 40.0, 500.0, true),
        ("reg", 1.0, 9.0, false),
        ("gslowshare", 0.05, 1.0, true),
        ("gfastshare", 0.01, 0.5, true),
        ("gampashare", 0.01, 1.0, true),
        ("islow", 15.0, 300.0, true),
        ("islowshare", 0.2, 1.0, false),
        ("gahp", 5.0, 40.0, true),
        ("gown", 0.0, 6.0, false),
        ("iown", 0.0, 24.0, false),
        ("gm", 0.0001, 0.03, true),
    ];
    let mut best: Vec<(f64, HashMap<String, f64>)> = Vec::new();
    for i in 0..iterations {
        let mut o = opts.clone();
        let parent = (near > 0.0 && i > 0 || best.len() >= 8 && stream.bernoulli(0.7))
            .then(|| best[stream.below(best.len().min(6))].1.clone());
        for (k, low, high, log) in ranges {
            if opts.contains_key(*k) && near == 0.0 {
                continue;
            }
            let (l, h) = if *log { (low.ln(), high.ln()) } else { (*low, *high) };
            let v = match &parent {
                Some(parent) => {
                    let was = parent[*k];
                    let was = if *log { was.ln() } else { was };
                    if stream.bernoulli(0.35) { (was + (h - l) * 0.12 * stream.gaussian()).clamp(l, h) } else { was }
                }
                None if near > 0.0 => {
                    let v = opts[*k];
                    if *log { v.ln() } else { v }
                }
                None => stream.between(l, h),
            };
            let v = if *log { v.exp() } else { v };
            o.insert((*k).to_owned(), if k.ends_with("own") || *k == "reg" { v.floor() } else { v });
        }
        let (score, line) = run(o.clone(), true);
        if score > -50.0 {
            best.push((score, o.clone()));
            best.sort_by(|a, b| b.0.total_cmp(&a.0));
            best.truncate(12);
            if best[0].0 == score {
                let text: Vec<String> = ranges.iter().map(|(k, ..)| format!("{k}={:.4}", o[*k])).collect();
                println!("{i} {score:.3}: {}\n   {line}", text.join(" "));
            }
        }
    }
}

fn run(mut opts: HashMap<String, f64>, cut: bool) -> (f64, String) {
    use std::fmt::Write;
    let mut out = String::new();
    let mut p = Parameters::of(Preset::Large);
    let mut take = |k: &str, d: f64| opts.remove(k).unwrap_or(d);
    let scale = take("scale", 4.0) as usize;
    p.cells.granule /= scale;
    p.cells.golgi /= scale;
    p.cells.mossy = take("mf", p.cells.mossy as f64 / 2.0) as usize;
    p.golgi.nmda_slow_decay = take("gslow", 170.0);
    p.golgi.nmda_slow_share = take("gslowshare", 0.134) as f32;
    p.golgi.nmda_fast_share = take("gfastshare", 0.066) as f32;
    p.golgi.ampa_share = take("gampashare", 0.8) as f32;
    p.passage.gaba_slow_decay = take("islow", 59.0);
    p.passage.gaba_slow_share = take("islowshare", 0.57) as f32;
    p.passage.glomeruli = take("glom", 4.0) as usize;
    p.golgi.granule_own = take("gown", 0.0) as usize;
    p.passage.golgi_own = take("iown", 0.0) as usize;
    p.golgi.ahp = take("gahp", 20.0) as f32;
    p.passage.mossy_conductance = take("w", f64::from(p.passage.mossy_conductance)) as f32;
    p.passage.golgi_conductance = take("inh", f64::from(p.passage.golgi_conductance)) as f32;
    p.passage.ampa_share = take("ampa", f64::from(p.passage.ampa_share)) as f32;
    p.passage.nmda_share = take("nmda", f64::from(p.passage.nmda_share)) as f32;
    p.golgi.mossy_conductance = take("gm", f64::from(p.golgi.mossy_conductance)) as f32;
    p.golgi.granule_conductance = take("gg", f64::from(p.golgi.granule_conductance)) as f32;
    p.golgi.rest = take("grest", f64::from(p.golgi.rest)) as f32;
    p.golgi.granule_clusters = take("gc", p.golgi.granule_clusters);
    p.passage.golgi_partners = take("gp", p.passage.golgi_partners);
    p.mossy.background = take("bg", f64::from(p.mossy.background)) as f32;
    p.mossy.cue_rate = take("cr", f64::from(p.mossy.cue_rate)) as f32;
    p.mossy.cue_share = take("cs", f64::from(p.mossy.cue_share));
    p.mossy.onset_rate = take("or", f64::from(p.mossy.onset_rate)) as f32;
    p.mossy.regularity = take("reg", f64::from(p.mossy.regularity)) as u32;
    let tau = take("tau", 8.3);
    let trials = take("trials", 4.0) as usize;
    let seed = take("seed", 1.0) as u64;
    assert!(opts.is_empty(), "{opts:?}");
    let mut mossy = Mossy::new(&p, seed);
    let mut layer = GranularLayer::new(&p, seed);
    let (n, g) = (layer.count(), layer.golgi_count());
    let size = n / g;
    let mut rest = [0usize; 2];
    let start = Instant::now();
    for t in 0..3000 {
        mossy.step();
        layer.step(&mossy, None);
        if t >= 1000 {
            rest[0] += layer.spikes().len();
            rest[1] += layer.golgi_spikes().len();
        }
    }
    let speed = 3.0 / start.elapsed().as_secs_f64();
    write!(
        out,
        "rest: granule {:.2} Hz golgi {:.2} Hz; layer {speed:.1} x; ",
        rest[0] as f64 / n as f64 / 2.0,
        rest[1] as f64 / g as f64 / 2.0
    )
    .unwrap();
    let (rg, ro) = (rest[0] as f64 / n as f64 / 2.0, rest[1] as f64 / g as f64 / 2.0);
    if cut && (!(0.3..6.0).contains(&rg) || !(1.5..20.0).contains(&ro)) {
        return (-100.0, out);
    }
    let mut score = 0.0;
    score -= (0.8 - rg).max(0.0) * 3.0 + (rg - 3.0).max(0.0) + (4.0 - ro).max(0.0) + (ro - 12.0).max(0.0);
    // trials: cue 1.2 s, rest 1 s
    let decay = (-1.0 / tau).exp();
    let sample: Vec<usize> = (0..60).map(|k| 20 * (k + 1)).collect();
    let mut z = vec![vec![vec![0f64; g]; sample.len()]; trials];
    let mut zc = vec![vec![vec![0f32; n]; sample.len()]; trials];
    let mut course = vec![[0f64; 2]; 1200];
    let mut active = vec![false; n];
    for (trial, z) in z.iter_mut().enumerate() {
        let mut now = vec![0f64; g];
        let mut nowc = vec![0f32; n];
        mossy.set_cue(Some(0));
        for t in 0..1200 {
            mossy.step();
            layer.step(&mossy, None);
            now.iter_mut().for_each(|z| *z *= decay);
            nowc.iter_mut().for_each(|z| *z *= decay as f32);
            for cell in layer.spikes() {
                now[*cell as usize / size] += 1.0;
                nowc[*cell as usize] += 1.0;
                active[*cell as usize] = true;
            }
            course[t][0] += layer.spikes().len() as f64 / n as f64 * 1e3 / trials as f64;
            course[t][1] += layer.golgi_spikes().len() as f64 / g as f64 * 1e3 / trials as f64;
            if let Some(k) = sample.iter().position(|s| *s == t + 1) {
                z[k].copy_from_slice(&now);
                zc[trial][k].copy_from_slice(&nowc);
            }
        }
        mossy.set_cue(None);
        for _ in 0..600 {
            mossy.step();
            layer.step(&mossy, None);
        }
    }
    let mean =
        |from: usize, to: usize, k: usize| course[from..to].iter().map(|c| c[k]).sum::<f64>() / (to - from) as f64;
    for (a, b) in
        [(0, 10), (10, 50), (50, 100), (100, 200), (200, 400), (400, 600), (600, 800), (800, 1000), (1000, 1200)]
    {
        write!(out, "{a}-{b}: {:.1}/{:.1}  ", mean(a, b, 0), mean(a, b, 1)).unwrap();
    }
    write!(
        out,
        "mean 0-1000 granule {:.2} golgi {:.2}; active {:.2}",
        mean(0, 1000, 0),
        mean(0, 1000, 1),
        active.iter().filter(|a| **a).count() as f64 / n as f64
    )
    .unwrap();
    let cg = mean(0, 1000, 0);
    score -= (2.5 - cg).max(0.0) + (cg - 8.0).max(0.0);
    let s = |a: &[f64], b: &[f64]| {
        let d = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        d(a, b) / (d(a, a) * d(b, b)).sqrt().max(1e-12)
    };
    let r = |a: &[f64], b: &[f64]| {
        let m = |a: &[f64]| {
            let m = a.iter().sum::<f64>() / a.len() as f64;
            a.iter().map(|x| x - m).collect::<Vec<_>>()
        };
        let (a, b) = (m(a), m(b));
        let d = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        d(&a, &b) / (d(&a, &a) * d(&b, &b)).sqrt().max(1e-12)
    };
    let _avg: Vec<Vec<f64>> =
        (0..sample.len()).map(|k| (0..g).map(|c| z.iter().map(|z| z[k][c]).sum()).collect()).collect();
    let _half = |odd: usize, k: usize| -> Vec<f64> {
        (0..g).map(|c| z.iter().skip(odd).step_by(2).map(|z| z[k][c]).sum()).collect()
    };
    for t in [100usize, 200, 400, 700, 900] {
        let k = t / 20 - 1;
        let tt = (0..trials - 1).map(|i| s(&z[i][k], &z[i + 1][k])).sum::<f64>() / (trials - 1) as f64;
        write!(out, "{t}: [{tt:.2}] ").unwrap();
        for d in [t / 4, t / 2, 300] {
            let k2 = (t + d / 20 * 20 + 19) / 20 - 1;
            if k2 < 60 {
                if d == t / 4 {
                    let one = (0..trials).map(|i| s(&z[i][k], &z[i][k2])).sum::<f64>() / trials as f64;
                    let _ = one;
                    let pairs = || (0..trials).flat_map(|i| (0..trials).filter(move |j| *j != i).map(move |j| (i, j)));
                    let count = (trials * (trials - 1)) as f64;
                    let cross = |a: usize, b: usize| pairs().map(|(i, j)| r(&z[i][a], &z[j][b])).sum::<f64>() / count;
                    let plain = |a: usize, b: usize| pairs().map(|(i, j)| s(&z[i][a], &z[j][b])).sum::<f64>() / count;
                    let late = (t + 300) / 20 - 1;
                    let late = if late < 60 { late } else { (t - 300) / 20 - 1 };
                    write!(out, "r {:.2},{:.2},{:.2} ", cross(k, k), cross(k, k2), cross(k, late)).unwrap();
                    score += 1.2 * plain(k, k).min(0.8) - plain(k, k2).max(0.25) - 0.2 * plain(k, late).max(0.25);
                    score += 0.3 * cross(k, k).min(0.9) - 0.2 * cross(k, k2).max(0.0);
                }
                write!(out, "{d}:{:.2} ", (0..trials).map(|i| s(&z[i][k], &z[i][k2])).sum::<f64>() / trials as f64)
                    .unwrap();
            }
        }
        write!(out, "| ").unwrap();
    }

    (score, out)
}
