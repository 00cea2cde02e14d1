"""What tests/windows.ps1 and the hosted workflow ask of cordon, held against what there is. Used by wine.sh: neither can be run here.

    windows_report.py TOP HELP DOCTOR REFUSED DEMO     files: --help; doctor --json, opened and refused; demo --json
"""

import json
import re
import sys

failed = False
top, help_file, doctor_file, refused_file, demo_file = sys.argv[1:6]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read().replace("\r", "")


def check(good, name, why=""):
    global failed
    failed = failed or not good
    print(f"ok {name}" if good else f"not ok {name}: {str(why)[:500]}", flush=True)


def fields(text, variable):
    """What is read of a variable: $row.NAME, and $row.PSObject.Properties['NAME']."""
    plain = re.findall(r"\$" + variable + r"\.([A-Za-z_]+)", text)
    asked = re.findall(r"\$" + variable + r"\.PSObject\.Properties\['([a-z_]+)'\]", text)
    return {f for f in plain if f != "PSObject"}, set(asked)


script = read(f"{top}/tests/windows.ps1")
workflow = read(f"{top}/.github/workflows/windows.yml")
help_text = read(help_file)
verbs = set(re.findall(r"^  (?:cordon )?([a-z]+)\b", help_text, re.M))
switches = set(re.findall(r"--[a-z][a-z-]*", help_text))

# ---- words ----
calls = re.findall(r"Invoke-Bounded \$Cordon (\(.*?'\)|'[^']*')", script)
words = [w for call in calls for w in re.findall(r"'([^']*)'", call)] + re.findall(r"\$flag = '([^']+)'", script)
wanted = {w for text in words for w in text.split(" -- ")[0].split()}
check(len(calls) >= 5, "windows.ps1 starts cordon", calls)
unknown = {w for w in wanted if (w not in switches if w.startswith("--") else w not in verbs)}
check(not unknown, "each word that windows.ps1 gives cordon is one of its own", f"{unknown} of {verbs} {switches}")
options = read(f"{top}/setup/options.c")
given = set(re.findall(r"as-person\.ps1\" '([a-z -]+)'", workflow))
unknown = {w for text in given for w in text.split() if f'"{w}"' not in options}
check(given and not unknown, "each word that the workflow gives cordon-setup is one of its own", unknown or "none was found")
parameters = set(re.findall(r"^    \[[a-z]+\]\$([A-Za-z]+)", script.split("\n)\n")[0], re.M))
used = set(re.findall(r" -([A-Z][A-Za-z]+) ", re.search(r"tests\\windows\.ps1\" (.*)", workflow).group(0) + " "))
check(used and used <= parameters, "each parameter that the workflow gives windows.ps1 is there", used - parameters)
check("result: $code" in script and "'^result: ([012]) '" in workflow, "the workflow reads the line that the report ends with")
readme = read(f"{top}/README.md")
check(r"-ExecutionPolicy Bypass -File ...\tests\windows.ps1" in readme, "README has the one line")
check("tests/windows.ps1" in read(f"{top}/shell/dist.sh"), "the zip has the script")

# ---- fields ----
doctor = json.loads(read(doctor_file))
refused = json.loads(read(refused_file))
demo = [json.loads(line) for line in read(demo_file).splitlines() if line]
of_demo = script[script.index("demo --json"):]
plain, asked = fields(script, "doctor")
missing = {f for f in plain | asked if f not in doctor and f not in refused and f != "list"}
check({"tier", "checks", "error", "partial"} <= plain | asked and not missing, "what windows.ps1 reads of doctor is there", missing or plain | asked)
check("tier" in refused and "error" in refused and "checks" not in refused, "and where no boundary opens", refused.keys())
plain, asked = fields(script[: script.index("demo --json")], "row")
for name in ("trials",):
    missing = {f for row in doctor[name] for f in plain | asked if f not in row}
    check(plain and doctor[name] and not missing, f"what it reads of a row of {name} is there", missing or plain)
source = read(f"{top}/shell/doctor.c")
missing = {f for f in plain - {"named"} if f'"{f}"' not in source}
check(not missing, "and of a row of checks", missing)
states = {row["state"] for row in doctor["trials"]}
counted = set(re.findall(r"([A-Za-z]+) = 0", re.search(r"\$count = @\{(.*?)\}", script).group(1)))
check(states <= counted, "each state is counted", states - counted)
plain, asked = fields(of_demo, "row")
missing = {f for row in demo for f in plain | asked if f not in row}
check(plain and demo and not missing, "what it reads of a demo is there", missing or plain)
check({row["observed"] for row in demo} <= {"refused", "happened", "unclear", "not tried"}, "a demo says what came of it", demo)
sys.exit(failed)
