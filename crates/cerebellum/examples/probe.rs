use std::collections::HashMap;
use std::time::Instant;

use doozy_cerebellum::{Parameters, Preset, granule::GranularLayer, mossy::Mossy};

fn main() {
    let mut p = Parameters::of(Preset::Large);
    let mut opts: HashMap<String, f64> = HashMap::new();
    for a in std::env::args().skip(1) {
        let (k, v) = a.split_once('=').unwrap();
        opts.insert(k.to_owned(), v.parse().unwrap());
    }
    let mut take = |k: &str, d: f64| opts.remove(k).unwrap_or(d);
    if take("cells", 102400.0) < 102400.0 {
        p.cells.granule = 6_400; p.cells.golgi = 64; p.cells.mossy = 256;
    }
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
        layer.step(&mossy);
        if t >= 1000 {
            rest[0] += layer.spikes().len();
            rest[1] += layer.golgi_spikes().len();
        }
    }
    let speed = 3.0 / start.elapsed().as_secs_f64();
    println!("rest: granule {:.2} Hz golgi {:.2} Hz; layer {speed:.1} x", rest[0] as f64 / n as f64 / 2.0, rest[1] as f64 / g as f64 / 2.0);
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
            layer.step(&mossy);
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
        for _ in 0..1000 {
            mossy.step();
            layer.step(&mossy);
        }
    }
    let mean = |from: usize, to: usize, k: usize| course[from..to].iter().map(|c| c[k]).sum::<f64>() / (to - from) as f64;
    for (a, b) in [(0, 10), (10, 50), (50, 100), (100, 200), (200, 400), (400, 600), (600, 800), (800, 1000), (1000, 1200)] {
        print!("{a}-{b}: {:.1}/{:.1}  ", mean(a, b, 0), mean(a, b, 1));
    }
    println!();
    println!("mean 0-1000 granule {:.2} golgi {:.2}; active {:.2}", mean(0, 1000, 0), mean(0, 1000, 1), active.iter().filter(|a| **a).count() as f64 / n as f64);
    let s = |a: &[f64], b: &[f64]| {
        let d = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        d(a, b) / (d(a, a) * d(b, b)).sqrt().max(1e-12)
    };
    let avg: Vec<Vec<f64>> = (0..sample.len()).map(|k| (0..g).map(|c| z.iter().map(|z| z[k][c]).sum()).collect()).collect();
    let half = |odd: usize, k: usize| -> Vec<f64> { (0..g).map(|c| z.iter().skip(odd).step_by(2).map(|z| z[k][c]).sum()).collect() };
    for t in [100usize, 200, 300, 500, 700, 1000] {
        let k = t / 20 - 1;
        let tt = (0..trials - 1).map(|i| s(&z[i][k], &z[i + 1][k])).sum::<f64>() / (trials - 1) as f64;
        let hh = s(&half(0, k), &half(1, k));
        print!("t={t}: S(t,t) {tt:.2} halves {hh:.2}; S(t,t+d) single ");
        for d in [20usize, 40, 60, 100, 140, 200, 300] {
            if t + d <= 1200 {
                let k2 = (t + d) / 20 - 1;
                print!("{d}:{:.2}/{:.2} ", (0..trials).map(|i| s(&z[i][k], &z[i][k2])).sum::<f64>() / trials as f64, s(&avg[k], &avg[k2]));
            }
        }
        println!();
    }
}
