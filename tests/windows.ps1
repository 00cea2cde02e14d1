# What Cordon does on this Windows machine, collected in one file to attach to an issue. From the unpacked zip, not elevated:
#
#   powershell -NoProfile -ExecutionPolicy Bypass -File tests\windows.ps1
#
# It checks the programs against SHA256SUMS, runs `cordon status`, `cordon doctor` and `cordon demo`, and then each tool that is here (git,
# node, npm, python, pip, ninja, cargo, MSBuild, link, PowerShell) twice on the same small task: outside as a control, then inside a session.
# What a tool needs is made in a new folder in your profile, which is removed at the end. Nothing is installed and nothing is downloaded. Setup
# is not run: what is found is what is reported. The report has no names of yours: user, computer, profile folder and SIDs are replaced.
# It takes some minutes.
#
# Ends with 0: all that is here works inside and nothing is broken; 1: something is; 2: it was not run, and the report says why. "Not run" is
# never "passed". The last line of the report says the same. For Windows PowerShell 5.1 and later.
param(
    [string]$Report = (Join-Path (Get-Location) 'cordon-report.txt'),
    [string]$Cordon = '',  # else the one beside this folder
    [int]$Seconds = 180,   # for each task
    [switch]$NotEnforced  # for a try under Wine: nothing that it reports then means anything
)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    Write-Host "not run: this PowerShell is in $($ExecutionContext.SessionState.LanguageMode) mode, which a policy of this machine sets"
    exit 2
}
$top = Split-Path -Parent $PSScriptRoot
if (-not $Cordon) { $Cordon = Join-Path $top 'cordon.exe' }
# .NET counts from another folder than PowerShell.
$Cordon = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Cordon)
$Report = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Report)
$lines = New-Object System.Collections.ArrayList
$findings = 0
$work = Join-Path $env:USERPROFILE ('cordon-check-' + [Guid]::NewGuid().ToString('N').Substring(0, 8))

function Say([string]$text) {
    [void]$lines.Add($text)
    Write-Host $text
}
function Keep([string]$text) { [void]$lines.Add($text) } # in the report alone

# Without what says whose machine this is. The longest first, so that none hides in another.
function Hide([string]$text) {
    foreach ($pair in @(
            @($work, 'WORK'), @($top, 'CORDON'), @($env:USERPROFILE, 'PROFILE'), @($env:COMPUTERNAME, 'COMPUTER'), @($env:USERDOMAIN, 'DOMAIN'),
            @($env:USERNAME, 'USER'))) {
        if ($pair[0]) {
            foreach ($form in @($pair[0], $pair[0].Replace('\', '\\'), $pair[0].Replace('\', '/'))) {
                $text = $text -ireplace ('(?<![A-Za-z0-9])' + [regex]::Escape($form) + '(?![A-Za-z0-9])'), $pair[1]
            }
        }
    }
    # Profiles of others, and one's own by its short name.
    $text = $text -ireplace '([\\/]Users[\\/]+)(?!Public|Default|All Users)[^\\/:*?"<>|\r\n]+', '$1USER'
    $text -replace 'S-1-5-21-\d+-\d+-\d+', 'S-1-5-21-N-N-N' -replace 'S-1-5-5-\d+-\d+', 'S-1-5-5-N-N' -replace 'S-1-12-1(-\d+){4}', 'S-1-12-1-N'
}

function Write-Report([int]$code) {
    $head = @('Cordon on Windows: a report.',
        'It contains: the version of Windows; what cordon status, doctor and demo say; for each tool its version, exit codes and the last lines of',
        'what it printed. User, computer, profile folder and SIDs are replaced. Read it before you attach it.', '')
    $words = @('nothing broken was found; only what is called observed was shown', 'there are findings', 'NOT RUN: nothing was shown')[$code]
    Say "result: $code ($words)"
    $all = [string[]]($head + @($lines | ForEach-Object { Hide $_ }))
    $utf8 = New-Object Text.UTF8Encoding $false
    try {
        [IO.File]::WriteAllLines($Report, $all, $utf8)
    } catch { # where we are may not be written
        $script:Report = Join-Path ([IO.Path]::GetTempPath()) 'cordon-report.txt'
        [IO.File]::WriteAllLines($Report, $all, $utf8)
    }
    Write-Host ''
    Write-Host "report: $Report (read it, then attach it to an issue)"
    if (Test-Path -LiteralPath $work) { Remove-Item -LiteralPath $work -Recurse -Force -ErrorAction SilentlyContinue }
    if (Test-Path -LiteralPath $work) { Write-Host "could not be removed: $work" }
    exit $code
}
function Not-Run([string]$why) {
    Say "not run: $why"
    Write-Report 2
}

# What nobody thought of ends it with a report, too.
trap {
    Say "this script failed in line $($_.InvocationInfo.ScriptLineNumber): $($_.Exception.Message)"
    Write-Report 2
}

# Runs a program with an end to its patience. Its code, or -1 for what did not start or did not end; both outputs.
function Invoke-Bounded([string]$program, [string]$arguments, [string]$folder, [int]$limit = $Seconds) {
    $name = [Guid]::NewGuid().ToString('N')
    $out = Join-Path ([IO.Path]::GetTempPath()) "cordon-$name.out"
    $errors = Join-Path ([IO.Path]::GetTempPath()) "cordon-$name.err"
    $in = Join-Path ([IO.Path]::GetTempPath()) "cordon-$name.in"
    [IO.File]::WriteAllText($in, '')
    $result = @{ Code = -1; Out = ''; Errors = ''; Seconds = 0.0 }
    $clock = [Diagnostics.Stopwatch]::StartNew()
    try {
        $p = Start-Process -FilePath $program -ArgumentList $arguments -WorkingDirectory $folder -NoNewWindow -PassThru `
            -RedirectStandardInput $in -RedirectStandardOutput $out -RedirectStandardError $errors
        $null = $p.Handle # else the exit code is lost
        if ($p.WaitForExit($limit * 1000)) {
            $p.WaitForExit()
            $result.Code = $p.ExitCode
        } else {
            & cmd.exe /d /c "taskkill /T /F /PID $($p.Id) >nul 2>&1" # what was just started, and all that it started
            $result.Errors = "did not end within $limit s"
        }
    } catch {
        $result.Errors = $_.Exception.Message
    }
    $result.Seconds = [Math]::Round($clock.Elapsed.TotalSeconds, 1)
    foreach ($file in @($out, $errors, $in)) {
        if (Test-Path -LiteralPath $file) {
            $text = ''
            try { $text = [IO.File]::ReadAllText($file) } catch { $text = 'what it printed could not be read' }
            if ($file -eq $out) { $result.Out = $text }
            if ($file -eq $errors) { $result.Errors += $text }
            Remove-Item -LiteralPath $file -Force -ErrorAction SilentlyContinue
        }
    }
    $result
}
function Last-Lines([string]$text, [int]$count) { ($text -split "`r?`n" | Where-Object { $_ } | Select-Object -Last $count) }

# ---- the machine ----

$version = [Environment]::OSVersion.Version
Say "Windows $version, 64-bit: $([Environment]::Is64BitOperatingSystem), PowerShell $($PSVersionTable.PSVersion), session $((Get-Process -Id $PID).SessionId)"
$edition = Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion' -ErrorAction SilentlyContinue
if ($edition) {
    foreach ($value in @('ProductName', 'DisplayVersion', 'ReleaseId', 'CurrentBuild', 'UBR', 'EditionID')) {
        if ($edition.PSObject.Properties[$value]) { Keep "  $value = $($edition.$value)" }
    }
}
$wine = (Test-Path 'HKLM:\SOFTWARE\Wine') -or (Test-Path 'HKCU:\SOFTWARE\Wine')
if (-not [Environment]::Is64BitProcess) { Not-Run 'this is the 32-bit PowerShell; start the other one' }
if ($wine -and -not $NotEnforced) { Not-Run 'this is Wine, which enforces nothing' }
$me = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
if ($me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) { Not-Run 'this PowerShell is elevated; start it without "Run as administrator", as somebody for whom User Account Control is on' }
if (-not (Test-Path -LiteralPath $Cordon)) { Not-Run "there is no $Cordon; run this from the unpacked zip" }

$sums = Join-Path $top 'SHA256SUMS'
if (Test-Path -LiteralPath $sums) {
    $bad = 0
    foreach ($line in [IO.File]::ReadAllLines($sums)) {
        if ($line -match '^([0-9a-f]{64})\s+\*?(.+)$') {
            $file = Join-Path $top $Matches[2]
            $want = $Matches[1]
            if (-not (Test-Path -LiteralPath $file) -or (Get-FileHash -LiteralPath $file -Algorithm SHA256).Hash -ne $want) {
                Say "not as it was packed: $($Matches[2])"
                $bad++
            }
        }
    }
    if ($bad) { Not-Run 'files of the zip are missing or changed' }
    Say 'the files are as they were packed'
} else {
    Say 'there is no SHA256SUMS: the files were not checked'
}
$null = New-Item -ItemType Directory -Path $work
$inside = Join-Path $work 'inside'
$outside = Join-Path $work 'outside'
$null = New-Item -ItemType Directory -Path $inside
$null = New-Item -ItemType Directory -Path $outside
$flag = ''
if ($NotEnforced) { $flag = '--not-enforced ' }

# ---- Cordon about itself ----

$r = Invoke-Bounded $Cordon '--version' $inside
Say ("cordon --version: code {0}: {1}" -f $r.Code, $r.Out.Trim())
if ($r.Code -ne 0) { Not-Run "cordon.exe does not start: $($r.Errors)" }
$r = Invoke-Bounded $Cordon 'status' $inside
Say ("setup: {0}" -f (($r.Out -split "`r?`n" | Where-Object { $_ -match '^setup:' } | Select-Object -First 1) -replace '^setup:\s*', ''))
Keep "---- cordon status (code $($r.Code)) ----"
Keep $r.Out
Keep $r.Errors
$r = Invoke-Bounded $Cordon ($flag + 'doctor --json') $inside ($Seconds * 5)
Keep "---- cordon doctor --json (code $($r.Code), $($r.Seconds) s) ----"
Keep $r.Out
Keep $r.Errors
$doctor = $null
try { $doctor = $r.Out | ConvertFrom-Json } catch { Say "what doctor printed is no JSON: $($_.Exception.Message)" }
$open = $false
if ($doctor) {
    $open = $null -ne $doctor.PSObject.Properties['checks']
    Say "tier: $($doctor.tier)"
    $count = @{ observed = 0; configured = 0; unknown = 0; BROKEN = 0 }
    foreach ($list in @('checks', 'trials')) {
        if ($doctor.PSObject.Properties[$list]) {
            foreach ($row in $doctor.$list) {
                $count[$row.state]++
                $named = $row.PSObject.Properties['named'] -and $row.named # the tier is partial for that already
                if ($row.state -eq 'BROKEN' -and -not $named) { $findings++ }
                if ($row.state -eq 'BROKEN') { Say "BROKEN: $($row.name): $($row.promise): expected $($row.expected), observed $($row.observed)" }
            }
        }
    }
    Say ("doctor: {0} observed, {1} only configured, {2} unknown, {3} BROKEN" -f $count.observed, $count.configured, $count.unknown, $count.BROKEN)
    if ($doctor.PSObject.Properties['partial']) { foreach ($part in $doctor.partial) { Say "partial: $part" } }
    if ($doctor.PSObject.Properties['error']) { Say "no boundary: $($doctor.error)" }
} else {
    $findings++
}
if (-not $open) { Not-Run 'cordon opened no boundary; what it said is in the report' }

# The same for people, with what doctor has no decoys for: a line of JSON for each violation.
$r = Invoke-Bounded $Cordon ($flag + 'demo --json') $inside ($Seconds * 5)
Keep "---- cordon demo --json (code $($r.Code), $($r.Seconds) s) ----"
Keep $r.Out
Keep $r.Errors
$held = 0
$played = 0
foreach ($line in ($r.Out -split "`r?`n" | Where-Object { $_ })) {
    $row = $null
    try { $row = $line | ConvertFrom-Json } catch { Say "what demo printed is no JSON: $line" }
    if (-not $row) { $findings++; continue }
    $played++
    if ($row.held) { $held++ }
    if ($row.observed -eq 'happened') {
        if ($row.promised) { $findings++ }
        Say "demo: $($row.name): $($row.verdict) ($($row.because))"
    }
}
Say "demo: $held of $played held"
if ($played -eq 0) { $findings++ }

# ---- tools ----

# The first of these programs in PATH, or nothing. Execution aliases of the Store (no bytes) are no programs.
function Find-Tool([string[]]$names) {
    foreach ($name in $names) {
        foreach ($found in @(Get-Command $name -CommandType Application -ErrorAction SilentlyContinue)) {
            $item = Get-Item -LiteralPath $found.Path -ErrorAction SilentlyContinue
            if ($item -and $item.Length -gt 0) { return $found.Path }
        }
    }
    $null
}

$tools = @{ works = 0; fails = 0; says_nothing = 0; absent = 0 }

# A task is a file of commands for cmd, the same outside and inside; it works when it ends with 0 and prints the word.
function Test-Tool([string]$name, $tool, [string[]]$commands, [string]$word) {
    if (-not $tool) {
        Say ("{0,-22} not here" -f $name)
        $tools.absent++
        return
    }
    $results = @{}
    foreach ($side in @('outside', 'inside')) {
        $folder = Join-Path (Join-Path $work $side) $name
        $null = New-Item -ItemType Directory -Path $folder
        $file = Join-Path $folder 'task.cmd'
        # A line that fails ends it, with its code.
        $text = @('@echo off') + ($commands | ForEach-Object { $_; 'if not "%errorlevel%"=="0" exit /b %errorlevel%' })
        [IO.File]::WriteAllLines($file, [string[]]$text, (New-Object Text.UTF8Encoding $false))
        if ($side -eq 'outside') {
            $results[$side] = Invoke-Bounded "$env:SystemRoot\System32\cmd.exe" '/d /c .\task.cmd' $folder
        } else {
            $results[$side] = Invoke-Bounded $Cordon ($flag + 'run -- cmd.exe /d /c .\task.cmd') $folder
        }
    }
    $good = @{}
    foreach ($side in @('outside', 'inside')) { $good[$side] = $results[$side].Code -eq 0 -and $results[$side].Out.Contains($word) }
    if (-not $good.outside) {
        $state = 'cannot be used outside either: says nothing'
        $tools.says_nothing++
    } elseif (-not $good.inside) {
        $state = 'FAILS inside, works outside'
        $tools.fails++
        $script:findings++
    } else {
        $state = 'works inside'
        $tools.works++
    }
    Say ("{0,-22} {1} (codes {2} and {3}; {4} s and {5} s)" -f $name, $state, $results.outside.Code, $results.inside.Code, $results.outside.Seconds, $results.inside.Seconds)
    foreach ($side in @('outside', 'inside')) {
        if (-not $good[$side]) {
            Keep "  $side, last lines:"
            foreach ($line in (Last-Lines ($results[$side].Out + "`n" + $results[$side].Errors) 20)) { Keep "    $line" }
        }
    }
}

Say ''
Say 'each tool: the same small task outside and inside'

$git = Find-Tool @('git.exe')
Test-Tool 'git' $git @(
    'git --version', 'git init -q repo', 'cd repo', 'echo one>a.txt', 'git add a.txt',
    'git -c user.name=check -c user.email=check@example.invalid -c commit.gpgsign=false commit -q -m one', 'git status --short', 'git log --oneline', 'git fsck', 'echo git-is-done') 'git-is-done'
Test-Tool 'node' (Find-Tool @('node.exe')) @(
    'node --version',
    'node -e "require(''fs'').writeFileSync(''n.txt'',''x'');require(''child_process'').execSync(''cmd /c echo child'');console.log(''node-is''+''-done'')"') 'node-is-done'
Test-Tool 'npm' (Find-Tool @('npm.cmd')) @('call npm --version', 'call npm init -y', 'call npm pack --offline', 'echo npm-is-done') 'npm-is-done'
Test-Tool 'python' (Find-Tool @('python.exe')) @(
    'python --version',
    'python -c "import tempfile,os,asyncio; d=tempfile.mkdtemp(); open(os.path.join(d,''x''),''w'').close(); asyncio.run(asyncio.sleep(0)); print(''python-is''+''-done'')"') 'python-is-done'
Test-Tool 'pip' (Find-Tool @('python.exe')) @('python -m venv v', 'v\Scripts\python -m pip --version', 'v\Scripts\python -m pip list', 'echo pip-is-done') 'pip-is-done'
Test-Tool 'ninja' (Find-Tool @('ninja.exe')) @(
    'ninja --version', 'echo rule r>build.ninja', 'echo   command = cmd /c copy $in $out>>build.ninja',
    'for /l %%i in (1,1,20) do @echo build o%%i: r task.cmd>>build.ninja', 'ninja -j4', 'echo ninja-is-done') 'ninja-is-done'
Test-Tool 'cargo' (Find-Tool @('cargo.exe')) @('cargo --version', 'cargo new --vcs none --name check c', 'cd c', 'cargo build --offline', 'target\debug\check.exe', 'echo cargo-is-done') 'cargo-is-done'

# MSBuild and the linker come with Visual Studio or its build tools, and are in no PATH.
$studio = $null
$where = Join-Path ([Environment]::GetFolderPath('ProgramFilesX86')) 'Microsoft Visual Studio\Installer\vswhere.exe'
if (Test-Path -LiteralPath $where) { $studio = @(& $where -latest -products * -property installationPath)[0] }
$msbuild = Find-Tool @('msbuild.exe')
if (-not $msbuild -and $studio) {
    $candidate = Join-Path $studio 'MSBuild\Current\Bin\MSBuild.exe'
    if (Test-Path -LiteralPath $candidate) { $msbuild = $candidate }
}
Test-Tool 'msbuild' $msbuild @(
    'echo ^<Project^>^<Target Name="T"^>^<WriteLinesToFile File="o.txt" Lines="x"/^>^<Message Text="msbuild-is-done" Importance="high"/^>^</Target^>^</Project^>>p.proj',
    "`"$msbuild`" p.proj /nologo /v:n /nodeReuse:false") 'msbuild-is-done'
$environment = $null
if ($studio) {
    $candidate = Join-Path $studio 'Common7\Tools\VsDevCmd.bat'
    if (Test-Path -LiteralPath $candidate) { $environment = $candidate }
}
Test-Tool 'link' $environment @(
    "call `"$environment`" -no_logo -arch=x64", 'where link', 'echo int main(void) { return 0; }>a.c', 'cl /nologo a.c /Fea.exe /link /INCREMENTAL:NO', 'a.exe', 'echo link-is-done') 'link-is-done'

foreach ($shell in @('powershell.exe', 'pwsh.exe')) {
    Test-Tool ('pipeline-' + $shell.Split('.')[0]) (Find-Tool @($shell)) @(
        ($shell + ' -NoProfile -NonInteractive -Command "1..3 | ForEach-Object { $_ * 2 } | Measure-Object -Sum | ForEach-Object { ''sum-is-'' + $_.Sum }"'),
        ($shell + ' -NoProfile -NonInteractive -Command "Get-ChildItem | Sort-Object Name | Out-String | Set-Content out.txt; cmd /c type out.txt | Select-String task"')) 'sum-is-12'
}

Say ''
if ($wine) { Not-Run 'this is Wine: nothing above shows that anything holds' }
Say ("tools: {0} work inside, {1} fail inside alone, {2} fail outside too, {3} are not here" -f $tools.works, $tools.fails, $tools.says_nothing, $tools.absent)
if ($findings) {
    Say "$findings finding(s)"
    Write-Report 1
}
if ($tools.works -eq 0) { Not-Run 'no tool could be tried inside' }
Write-Report 0
