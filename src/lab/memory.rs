//! Memory that this program may still take, as far as the system tells.

use std::fs;

use rustix::process::{Resource, getrlimit};

/// Bytes: the least of what the machine has free, what the control group allows and what the limit on address space
/// (`ulimit -v`) leaves; none where nothing is told.
#[must_use]
pub fn available() -> Option<u64> {
    let kibibytes = |file: &str, name: &str| {
        let text = fs::read_to_string(file).ok()?;
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(1_024 * line.split_whitespace().nth(1)?.parse::<u64>().ok()?)
    };
    let number = |file: &str| fs::read_to_string(file).ok()?.trim().parse::<u64>().ok();
    let machine = kibibytes("/proc/meminfo", "MemAvailable:");
    let group = number("/sys/fs/cgroup/memory.max")
        .map(|most| most.saturating_sub(number("/sys/fs/cgroup/memory.current").unwrap_or(0)));
    let space = getrlimit(Resource::As)
        .current
        .map(|most| most.saturating_sub(kibibytes("/proc/self/status", "VmSize:").unwrap_or(0)));
    [machine, group, space].into_iter().flatten().min()
}
