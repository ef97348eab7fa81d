package checkpoint

import (
	"os/exec"
	"strings"
	"testing"
)

// The line that converts a PyTorch file reaches Python as it is, whatever the file is called.
func TestConversionSurvivesTheShell(t *testing.T) {
	if strings.ContainsAny(converter, "\"$`!\n") {
		t.Error("the converter has a character that a shell changes between double quotes")
	}
	for _, file := range []string{"a.pth", "my model.pt", "it's $(touch x)`y`.ckpt"} {
		line := strings.Replace(conversion(file), "python3", "printf %s\\\\n", 1)
		out, err := exec.Command("sh", "-c", line).Output()
		if err != nil || string(out) != "-c\n"+converter+"\n"+file+"\n" {
			t.Errorf("%s: %v, arguments are\n%s", file, err, out)
		}
	}
	if python, err := exec.LookPath("python3"); err == nil {
		check := "import ast, sys; ast.parse(sys.argv[1])"
		if out, err := exec.Command(python, "-c", check, converter).CombinedOutput(); err != nil {
			t.Errorf("the converter is not Python: %s", out)
		}
	}
}
