package configs

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestReadRegular(t *testing.T) {
	dir := t.TempDir()
	file, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "pipe")
	if err := os.WriteFile(file, []byte("12345"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Fatal(err)
	}
	if data, err := ReadRegular(file, 5); err != nil || string(data) != "12345" {
		t.Errorf("read %q, %v", data, err)
	}
	for path, want := range map[string]string{
		file: "has 5 bytes; at most 4", pipe: "no regular file", "/dev/zero": "no regular file", dir: "is a folder",
		filepath.Join(dir, "none"): "no such file",
	} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			if _, err := ReadRegular(path, 4); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v; expected %q", err, want)
			}
		})
	}
}
