#!/usr/bin/env bash
# Installs bindings/java in a Maven repository of its own, and builds the project in this folder, and the examples of
# docs/java.md, against it:  tests/conformance/java/install.sh FOLDER [JAVA_HOME]
set -euo pipefail
folder=$(mkdir -p -- "$1" && cd -- "$1" && pwd)
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../../.."
[ -z "${2:-}" ] || export JAVA_HOME=$2

# What Maven has downloaded before stays.
repository=$folder/repository
rm -rf -- "$folder"/{binding,project,examples} "$repository/dev/doors"
maven=(mvn -B -q "-Dmaven.repo.local=$repository")
# What it says goes elsewhere: even with nothing to say it prints codes for colours.
"${maven[@]}" -f bindings/java/pom.xml "-Doutput=$folder/binding" install >"$folder/maven.log" 2>&1 ||
    { cat "$folder/maven.log" >&2 && exit 1; }
"${maven[@]}" -f tests/conformance/java/pom.xml "-Doutput=$folder/project" "-Dmdep.outputFile=$folder/classpath" \
    compile dependency:build-classpath >"$folder/maven.log" 2>&1 || { cat "$folder/maven.log" >&2 && exit 1; }

mkdir -p "$folder/examples"
for name in Decide Serve; do
    tests/conformance/block.sh docs/java.md java "class $name" >"$folder/examples/$name.java"
done
javac -Xlint:all -Werror --release 17 -d "$folder/examples" -cp "$(cat "$folder/classpath")" "$folder"/examples/*.java
