#!/usr/bin/env python3
"""Builds an exported microzone in NEST and compares what it does with our own simulator's spikes.

    doozy lab export-network DIR --seed N      # for one or more seeds, each into a folder of its own
    compare_nest.py DIR...                     # needs numpy and nest-simulator 3.10

The interneurons and Purkinje somata of the early microzone are built with the exported connections and tonic drives,
get the exported climbing-fibre spikes (spontaneous ones and volleys) and Poisson parallel fibres of the same rate, and
run through the same protocol. Spikes of both simulators then go through the same measures. See docs/science/nest.md.
"""

import argparse
import json
import math
import pathlib
import sys
import time

import numpy as np

# What may lie between the two simulators; written down before the first comparison was run.
RATES = 0.10  # rates at rest and the MLI2 peak, share of ours
RATIOS = 0.05  # MLI1 relative to rest, r̄ and W
WINDOW = 2.0  # ms below 0.6

BEFORE, AFTER = 30, 60  # ms around a volley's centre that are averaged
START = 10.0  # ms of NEST's clock at which the protocol begins: a spike generator cannot fire at 0
STUDENT_975 = [math.nan, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228]


class Network:
    """An exported network with our simulator's spikes."""

    def __init__(self, folder):
        self.folder = folder
        self.about = json.loads((folder / "network.json").read_text())
        if (self.about.get("format"), self.about.get("version")) != ("doozy network", 1):
            sys.exit(f"{folder}/network.json: not a network of version 1")
        self.neurons = np.load(folder / "neurons.npz")
        self.connections = np.load(folder / "connections.npz")
        self.volleys = np.load(folder / "volleys.npz")
        self.spikes = np.load(folder / "spikes.npz")
        self.speed = json.loads((folder / "speed.json").read_text())
        self.parameters = self.about["parameters"]
        self.protocol = self.about["protocol"]
        self.steps = self.about["protocol_steps"]
        self.cells = {p["name"]: p["cells"] for p in self.about["populations"] if p["zone"] == "early"}

    def pairs(self, name):
        return tuple(self.connections[f"early.{name}.{part}"] for part in ("pre", "post", "weight"))

    def ours(self, kind):
        return {
            population: (self.spikes[f"{kind}.{population}.step"], self.spikes[f"{kind}.{population}.cell"])
            for population in ("mli1", "mli2", "purkinje")
        }


def held(tau):
    """Charge of a conductance that our step of 1 ms holds still, relative to one that decays within the step."""
    return 1.0 / (1.0 - math.exp(-1.0 / tau)) / tau


def simulate(network, *, resolution, charge, coupled, seed, threads=1):
    """Runs the protocol in NEST: spikes by population, and simulated seconds a second of wall time.

    `charge`: synaptic weights such that each delivers the charge that it delivers in our steps of 1 ms.
    `coupled`: gap junctions, as currents that are set anew every ms, as ours are; NEST 3.10 has gap junctions of its
    own for Hodgkin-Huxley models only.
    """
    import nest

    nest.ResetKernel()
    nest.resolution = resolution
    nest.rng_seed = 1 + seed
    nest.local_num_threads = threads
    coarse = resolution >= 1.0
    shared, soma = network.parameters["interneurons"], network.parameters["soma"]
    decays = [shared["pf_decay"], shared["cf_decay"], shared["gaba_decay"]]
    factor = [held(tau) if charge else 1.0 for tau in decays]
    rng = np.random.default_rng([seed, 7])

    def interneurons(name):
        kind, count = network.parameters[name], network.cells[name]
        cells = nest.Create("gif_cond_exp_multisynapse", count, params={
            "C_m": kind["capacitance"], "g_L": kind["leak"], "E_L": shared["rest"],
            "V_reset": shared["reset"], "t_ref": float(shared["refractory"]),
            # An escape rate this steep is a threshold.
            "V_T_star": shared["threshold"], "Delta_V": 1e-3, "lambda_0": math.log(2.0) / (resolution * 1e-3),
            "tau_syn": decays, "E_rev": [0.0, 0.0, shared["gaba_reversal"]],
        })
        cells.I_e = [float(bias) for bias in network.neurons[f"early.{name}.bias"]]
        cells.V_m = [float(v) for v in rng.uniform(shared["reset"], shared["threshold"], count)]
        background = nest.Create("poisson_generator", params={"rate": shared["pf_inputs"] * shared["pf_rate"]})
        nest.Connect(background, cells, syn_spec={
            "weight": shared["pf_conductance"] * factor[0], "delay": resolution, "receptor_type": 1,
        })
        return cells

    def connect(name, pre, post, receptor, delay, scale):
        a, b, weight = network.pairs(name)
        first, second = np.array(pre.tolist()), np.array(post.tolist())
        nest.Connect(first[a], second[b], "one_to_one", {
            "synapse_model": "static_synapse", "weight": weight.astype(float) * scale,
            "delay": np.full(len(a), delay), "receptor_type": np.full(len(a), receptor),
        })

    mli1, mli2 = interneurons("mli1"), interneurons("mli2")
    fibres = nest.Create("spike_generator", network.cells["climbing_fibre"])
    step, cell = network.volleys["climbing_fibre.step"], network.volleys["climbing_fibre.cell"]
    for fibre in range(len(fibres)):
        fibres[fibre].spike_times = [START + float(at) for at in step[cell == fibre]]
    delays = {p["name"]: p["delay_steps"] for p in network.about["projections"] if p["zone"] == "early"}
    # A fibre fires at the beginning of its step. A cell crosses its threshold somewhere within the step: half a step
    # of the delay, on average, is over at its end; at a resolution of 1 ms, NEST gives the spike the end's time.
    early = 1.0 if coarse else 0.5
    for name, pre, post in [("climbing_fibre_mli1", fibres, mli1), ("climbing_fibre_mli2", fibres, mli2)]:
        connect(name, pre, post, 2, float(delays[name]), factor[1])
    for name, pre, post in [("mli2_mli1", mli2, mli1), ("mli2_mli2", mli2, mli2), ("mli1_mli1", mli1, mli1),
                            ("mli1_mli2", mli1, mli2)]:
        connect(name, pre, post, 3, delays[name] - early, factor[2])
    recorded = {"mli1": mli1, "mli2": mli2}
    if not coarse:
        # The steady parallel-fibre conductance (reversal 0) is part of the leak; the after-hyperpolarisation is a synapse
        # of the cell on itself.
        leak = soma["leak"] + soma["pf_rest"]
        rise, decay = soma["gaba_rise"], soma["gaba_decay"]
        purkinje = nest.Create("aeif_cond_beta_multisynapse", network.cells["purkinje"], params={
            "C_m": soma["capacitance"], "g_L": leak, "E_L": soma["leak"] * soma["rest"] / leak,
            "V_th": soma["threshold"], "V_peak": soma["threshold"], "V_reset": soma["rest"], "t_ref": 0.0,
            "Delta_T": 0.0, "a": 0.0, "b": 0.0,
            "tau_rise": [rise, 0.01], "tau_decay": [decay, soma["ahp_decay"]],
            "E_rev": [soma["gaba_reversal"], soma["ahp_reversal"]], "V_m": soma["rest"],
        })
        purkinje.I_e = [float(bias) for bias in network.neurons["early.purkinje.bias"]]
        # Ours has lost a step's decay of it when it first counts.
        ahp = held(soma["ahp_decay"]) * math.exp(-1.0 / soma["ahp_decay"]) if charge else 1.0
        gaba = (held(decay) * decay - held(rise) * rise) / (decay - rise) if charge else 1.0
        nest.Connect(purkinje, purkinje, "one_to_one", {
            "weight": soma["ahp"] * ahp, "delay": resolution, "receptor_type": 2,
        })
        connect("mli1_purkinje", mli1, purkinje, 1, delays["mli1_purkinje"] - early, gaba)
        recorded["purkinje"] = purkinje
    recorders = {}
    for name, cells in recorded.items():
        recorders[name] = nest.Create("spike_recorder")
        nest.Connect(cells, recorders[name])

    def advance(ms):
        if not coupled:
            nest.Run(float(ms))
            return
        for _ in range(int(ms)):
            v = np.array(mli1.V_m)
            current = bias.copy()
            flow = conductance * (v[b] - v[a])
            np.add.at(current, a, flow)
            np.add.at(current, b, -flow)
            mli1.I_e = current.tolist()
            nest.Run(1.0)

    if coupled:
        a, b = (network.connections[f"early.mli1.gap.{end}"] for end in "ab")
        conductance = next(g["conductance_ns"] for g in network.about["gap_junctions"] if g["zone"] == "early")
        bias = network.neurons["early.mli1.bias"].astype(float)
    nest.Prepare()
    forget = network.protocol["forget"]
    advance(START + forget)
    start = time.perf_counter()
    advance(network.steps - forget)
    speed = (network.steps - forget) * 1e-3 / (time.perf_counter() - start)
    nest.Cleanup()
    spikes = {}
    for name, recorder in recorders.items():
        events = recorder.events
        # NEST gives a spike the end of the interval in which it fell.
        at = np.ceil(np.round(events["times"] - START, 6)).astype(int) - 1
        kept = (at >= 0) & (at < network.steps)
        spikes[name] = (at[kept], events["senders"][kept] - recorded[name][0].global_id)
    return spikes, speed


def measure(network, spikes):
    """Every measure of the comparison, by name; rates in Hz, times in ms."""
    protocol, cells = network.protocol, network.cells
    rest = slice(protocol["forget"], protocol["forget"] + protocol["rest"])
    seconds = protocol["rest"] * 1e-3
    found, rates = {}, {}
    for name, (step, cell) in spikes.items():
        rates[name] = np.bincount(step, minlength=network.steps)[: network.steps] / cells[name]
        at_rest = (step >= rest.start) & (step < rest.stop)
        each = np.bincount(cell[at_rest], minlength=cells[name]) / seconds
        found[f"{name} at rest"] = each.mean()
        found[f"{name} at rest, SD over cells"] = each.std(ddof=1)
    base = {name: rate[rest].mean() for name, rate in rates.items()}

    # Each Purkinje dendrite's view of inhibition, relative to rest.
    pre, post, weight = network.pairs("mli1_purkinje_dendrite")
    matrix = np.zeros((cells["mli1"], cells["purkinje"]))
    np.add.at(matrix, (pre, post), weight)
    fired = np.zeros((network.steps, cells["mli1"]))
    np.add.at(fired, spikes["mli1"], 1.0)
    arriving = fired @ matrix
    keep = math.exp(-1.0 / network.parameters["purkinje"]["inhibition_filter"])
    inhibition = np.empty_like(arriving)
    state = arriving[rest].mean(axis=0)
    for row, now in enumerate(arriving):
        state = state * keep + now * (1.0 - keep)
        inhibition[row] = state
    inhibition /= inhibition[rest].mean(axis=0)
    window = network.parameters["window"]

    sizes, centres = network.volleys["volley.size"], network.volleys["volley.centre"]
    recruited = [network.volleys[f"recruited.{part}"] for part in ("volley", "cell", "step")]
    for size, synchrony in enumerate(protocol["synchrony"]):
        mine = centres[sizes == size]
        around = mine[:, None] + np.arange(-BEFORE, AFTER)
        mean = {name: rate[around].mean(axis=0) for name, rate in rates.items()}
        sliding = lambda values, width: np.convolve(values, np.full(width, 1.0 / width), "valid")
        named = lambda what: f"s = {synchrony:g}: {what}"
        one, two = mean["mli1"] / base["mli1"], mean["mli2"]
        found[named("MLI2 peak")] = 1e3 * sliding(two[BEFORE - 5 : BEFORE + 30], 5).max()
        found[named("MLI1 +5…+25 ms / rest")] = one[BEFORE + 5 : BEFORE + 25].mean()
        found[named("MLI1 least / rest")] = sliding(one[BEFORE : BEFORE + 40], 5).min()
        found[named("ms below 0.6")] = float((sliding(one[BEFORE:], 3)[:45] < 0.6).sum())
        filtered, state = [], 1.0
        for now in one:
            state = state * math.exp(-1.0 / 6.0) + now * (1.0 - math.exp(-1.0 / 6.0))
            filtered.append(state)
        found[named("r̄")] = float(np.mean(filtered[BEFORE + 2 : BEFORE + 22]))
        opened = []
        for volley in np.flatnonzero(sizes == size):
            of_it = recruited[0] == volley
            r = np.array([
                inhibition[at + 2 : at + 22, cell].mean() for cell, at in zip(recruited[1][of_it], recruited[2][of_it])
            ])
            calcium = window["uninhibited"] / (1.0 + window["inhibition"] * r)
            lambdas = 1.0 / (1.0 + np.exp(-(calcium - window["threshold"]) / window["steepness"]))
            opened.append(lambdas.mean() if len(r) else 0.0)
        found[named("W")] = float(np.mean(opened))
        if "purkinje" in mean:
            found[named("Purkinje +5…+25 ms / rest")] = mean["purkinje"][BEFORE + 5 : BEFORE + 25].mean() / base["purkinje"]
    return found


def bound(name, ours):
    """How far NEST's value may lie from ours; None where only both values are told."""
    if "SD over cells" in name:
        return None
    if "at rest" in name or "peak" in name:
        return RATES * ours
    return WINDOW if "ms below" in name else RATIOS


def interval(values):
    """Mean and half-width of the 95 % interval (Student); the half-width is nan for one value."""
    values = np.asarray(values, float)
    n = len(values)
    if n < 2:
        return values.mean(), math.nan
    t = STUDENT_975[n - 1] if n <= len(STUDENT_975) else 1.96 + 2.5 / (n - 1)
    return values.mean(), t * values.std(ddof=1) / math.sqrt(n)


CONDITIONS = {
    # name: (heading, gap junctions, arguments)
    "declared": ("NEST 0.1 ms, weights as exported", "uncoupled", dict(resolution=0.1, charge=False, coupled=False)),
    "charge": ("NEST 0.1 ms, same charge", "uncoupled", dict(resolution=0.1, charge=True, coupled=False)),
    "coarse": ("NEST 1 ms, same charge", "uncoupled", dict(resolution=1.0, charge=True, coupled=False)),
    "coupled": ("NEST 0.1 ms, same charge", "coupled", dict(resolution=0.1, charge=True, coupled=True)),
}


def tables(networks, results, chosen):
    """The comparison as Markdown, and how many bounds were missed, by condition."""
    lines, missed = [], {}
    show = lambda mean, half, digits: f"{mean:.{digits}f}" + ("" if math.isnan(half) else f" ± {half:.{digits}f}")
    for kind in ("uncoupled", "coupled"):
        columns = [name for name in chosen if CONDITIONS[name][1] == kind]
        if not columns:
            continue
        ours = [measure(network, network.ours(kind)) for network in networks]
        lines += ["", "Gap junctions " + ("on." if kind == "coupled" else "off in both simulators."), ""]
        lines.append("| measure | ours | " + " | ".join(f"{CONDITIONS[c][0]} | difference | bound" for c in columns) + " |")
        lines.append("| --- " * (2 + 3 * len(columns)) + "|")
        for name in ours[0]:
            own = [found[name] for found in ours]
            digits = 1 if ("rest" in name and "/" not in name) or "peak" in name or "ms below" in name else 3
            row = [name, show(*interval(own), digits)]
            for column in columns:
                theirs = [found.get(name, math.nan) for found, _ in results[column]]
                if any(math.isnan(value) for value in theirs):
                    row += ["–", "–", "–"]
                    continue
                mean, half = interval(np.subtract(theirs, own))
                allowed = bound(name, np.mean(own))
                holds = allowed is None or abs(mean) <= allowed
                missed.setdefault(column, []).extend([] if holds else [name])
                told = "–" if allowed is None else f"{allowed:.{max(1, digits - 1)}f}: {'holds' if holds else 'missed'}"
                row += [show(*interval(theirs), digits), f"{mean:+.{digits}f}" + ("" if math.isnan(half) else f" ± {half:.{digits}f}"), told]
            lines.append("| " + " | ".join(row) + " |")
        speeds = [show(*interval([n.speed[kind] for n in networks]), 0)]
        for column in columns:
            speeds += [show(*interval([speed for _, speed in results[column]]), 2), "", ""]
        lines.append("| simulated s a second, one core | " + " | ".join(speeds) + " |")
    return lines, missed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=pathlib.Path, metavar="DIR", help="exported networks, one a seed")
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=list(CONDITIONS))
    parser.add_argument("--check", action="store_true", help="exit code 1 where 'same charge' at 0.1 ms misses a bound")
    arguments = parser.parse_args()
    networks = [Network(folder) for folder in arguments.folders]
    if len({(n.about["preset"], json.dumps(n.protocol)) for n in networks}) > 1:
        parser.error("the folders must hold the same preset and protocol")
    import nest

    nest.verbosity = nest.VerbosityLevel.ERROR
    results = {}
    for name in arguments.conditions:
        heading, kind, how = CONDITIONS[name]
        results[name] = []
        for network in networks:
            spikes, speed = simulate(network, seed=network.about["seed"], **how)
            results[name].append((measure(network, spikes), speed))
            print(f"{heading}, gap junctions {kind}, seed {network.about['seed']}: {speed:.2f} times real time",
                  file=sys.stderr, flush=True)
    first = networks[0]
    print(f"Preset {first.about['preset']}, {len(networks)} seeds, {first.protocol['rest'] / 1e3:g} s of rest and "
          f"{first.protocol['repeats']} volleys of each size a seed; NEST {nest.__version__}; mean ± half-width of the "
          "95 % interval over seeds; differences are NEST − ours, paired by seed.")
    lines, missed = tables(networks, results, arguments.conditions)
    print("\n".join(lines))
    print()
    for name in arguments.conditions:
        heading, kind, _ = CONDITIONS[name]
        short = missed.get(name, [])
        print(f"{heading}, gap junctions {'on' if kind == 'coupled' else 'off'}: "
              + ("within every bound." if not short else f"{len(short)} missed: {'; '.join(short)}."))
    return 1 if arguments.check and any(missed.get(name) for name in ("charge", "coupled")) else 0


if __name__ == "__main__":
    sys.exit(main())
