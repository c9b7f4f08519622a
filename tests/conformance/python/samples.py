"""Runs the samples of pages with the installed package:  python samples.py FOLDER PAGE...

Writes each block of Python to a file in FOLDER and runs it there. What it prints is the block of text that follows it.
"""

import re
import subprocess
import sys
from pathlib import Path

SAMPLE = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)

folder = Path(sys.argv[1])
count = 0
for page in map(Path, sys.argv[2:]):
    text = page.read_text(encoding="utf-8")
    samples = SAMPLE.findall(text)
    if not samples or len(samples) != text.count("```python"):
        sys.exit(f"{page}: a sample in Python is not followed by what it prints")
    for code, wanted in samples:
        count += 1
        file = folder / f"sample_{count}.py"
        file.write_text(code, encoding="utf-8")
        command = [sys.executable, "-I", "-W", "error", file.name]
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if ran.returncode != 0 or ran.stdout != wanted:
            sys.exit(f"{page}, sample {count} printed:\n{ran.stdout}{ran.stderr}")
print(f"{count} samples")
