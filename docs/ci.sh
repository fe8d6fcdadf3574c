#!/bin/sh
# Runs a suite and gates it, in any CI that can run a shell.
#
#   docs/ci.sh SUITE [BASELINE]
#
# BASELINE is a run folder or a file that `genbench export RUN baseline.jsonl` wrote; leave it out to judge by the gates
# alone. From the environment: GENBENCH_OUT is the run folder (default: genbench-run), GENBENCH_COUNTRY where the
# electricity comes from (FRA), GENBENCH_ARGS more for `genbench run`, GENBENCH (default: genbench) the command itself.
# In the run folder come gates.xml (JUnit) and summary.md, which is also added to $GITHUB_STEP_SUMMARY where set.
#
# Exit code: 0 pass, 1 fail, 2 usage error, 3 cannot tell, 4 the run broke.
set -u
[ $# -ge 1 ] || { echo "usage: $0 SUITE [BASELINE]" >&2; exit 2; }
suite=$1 against=${2:-} out=${GENBENCH_OUT:-genbench-run}

# shellcheck disable=SC2086  # both hold several words
${GENBENCH:-genbench} run "$suite" --out "$out" ${GENBENCH_COUNTRY:+--country "$GENBENCH_COUNTRY"} \
  ${GENBENCH_ARGS:-} || exit $?

set -- gate "$out" --junit "$out/gates.xml" --summary "$out/summary.md"
[ -z "$against" ] || set -- "$@" --against "$against"
[ -z "${GITHUB_ACTIONS:-}" ] || set -- "$@" --annotations
# shellcheck disable=SC2086
${GENBENCH:-genbench} "$@"
code=$?
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f "$out/summary.md" ]; then cat "$out/summary.md" >> "$GITHUB_STEP_SUMMARY"; fi
exit $code
