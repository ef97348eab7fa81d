package configs

import (
	"os"
	"path/filepath"
	"testing"
)

// A table or a design may go into a folder that is not there yet; nothing else is left beside it.
func TestWriteFileMakesItsFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "not", "there", "yet.md")
	for _, text := range []string{"first", "second"} {
		if err := WriteFile(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q, %v; expected %q", got, err, text)
		}
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("%d files in the folder; expected 1", len(files))
	}
	if err := WriteFile(filepath.Join(path, "below-a-file"), nil); err == nil {
		t.Error("no error for a folder that is a file")
	}
}
