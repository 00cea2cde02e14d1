#!/bin/sh
# An hour of mixed work, or as many MINUTES as asked: real work again and again, and then every denial of all its sessions
# looked at. Each must have a rule and a remedy, and none may be of a path that the policy allows. Not part of the test
# command: it takes its time.
#   sh tests/soak.sh [MINUTES]
set -u
here=$(cd "$(dirname "$0")" && pwd)
CORDON=${CORDON:-$here/../out/linux/cordon}
export CORDON
minutes=${1:-60}
state=$(mktemp -d "$HOME/.cache/soak-XXXXXX") || exit 1
trap 'rm -rf "$state"' EXIT
trap 'exit 130' INT TERM HUP
end=$(($(date +%s) + minutes * 60))
rounds=0 failed=0
while :; do
    WORK_STATE=$state sh "$here/enforce/work.sh" >"$state/output" || failed=1
    grep '^not ok' "$state/output"
    rounds=$((rounds + 1))
    XDG_STATE_HOME=$state "$CORDON" denied --all --json >>"$state/denied" || failed=1
    rm -rf "$state/cordon/denials"
    [ "$(date +%s)" -lt "$end" ] || break
    echo "round $rounds done, $(wc -l <"$state/denied") records so far"
done
python3 - "$state/denied" "$rounds" <<'END' || failed=1
import collections, json, sys

seen, bad = collections.Counter(), []
for line in open(sys.argv[1], encoding="utf-8"):
    record = json.loads(line)
    if "operation" not in record:
        continue
    place = record.get("path") or record.get("address") or "?"
    # Homes and workspaces have names of chance.
    seen[record["operation"], "/".join(place.split("/")[:5]), record["rule"]] += record["count"]
    if not record["rule"] or not record["remedy"] or record["rule"].startswith("the rules allow"):
        bad.append(line)
for (operation, place, rule), count in seen.most_common():
    print("%6d  %-8s %s  (%s)" % (count, operation, place, rule))
for line in bad:
    print("not ok a denial without a rule: " + line.strip())
print("%s rounds, %d kinds of denial, %d without a rule" % (sys.argv[2], len(seen), len(bad)))
sys.exit(bool(bad))
END
exit $failed
