package verify

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// checkHashes refuses a folder whose files belong to different designs.
func checkHashes(dir, hash string) error {
	want := []string{
		"rtl/filelist.f", "rtl/exp.mem", "rtl/rsqrt.mem", "rtl/program.mem", "rtl/loads.mem",
		"sim/sim_top.sv", "sim/harness.cpp", "sim/axi_checker.h", "sim/Makefile",
	}
	list, err := os.ReadFile(filepath.Join(dir, "rtl/filelist.f"))
	if err != nil {
		return fmt.Errorf("%s: %w; emit the folder again", dir, err)
	}
	_, names, _ := strings.Cut(string(list), "\n") // behind the design's line
	if strings.TrimSpace(names) == "" {
		return fmt.Errorf("%s names no module; emit the folder again", filepath.Join(dir, "rtl/filelist.f"))
	}
	for _, line := range strings.Fields(names) {
		want = append(want, "rtl/"+line)
	}
	return checkFiles(dir, hash, want)
}

// checkFiles refuses a folder in which a file is missing or of another design: the files named
// and those that every target reads.
func checkFiles(dir, hash string, want []string) error {
	if _, err := os.Stat(filepath.Join(dir, "mem/stream.bin")); err != nil {
		return fmt.Errorf("%s: the memory image is missing: %w; emit the folder again", dir, err)
	}
	shared := []string{"design.yaml", "vectors/images.bin", "vectors/logits.bin", "vectors/trace.bin", "vectors/expected.bin"}
	var errs []error
	for _, name := range append(shared, want...) {
		if err := checkHash(filepath.Join(dir, name), hash); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// checkHash looks for the design's hash in the head of a file.
func checkHash(path, hash string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%s is missing; emit the folder again: %w", path, err)
	}
	defer f.Close()
	head := make([]byte, 256)
	n, _ := f.Read(head)
	head = head[:n]
	if bytes.Contains(head, []byte(hash)) {
		return nil
	}
	for _, mark := range []string{"design ", magic} {
		i := bytes.Index(head, []byte(mark))
		if i >= 0 && len(head) >= i+len(mark)+64 && isHex(head[i+len(mark):][:64]) {
			return fmt.Errorf("%s belongs to design %.16s, the folder to %.16s: emit the folder again", path, head[i+len(mark):], hash)
		}
	}
	return fmt.Errorf("%s does not name its design; emit the folder again", path)
}

func isHex(b []byte) bool {
	_, err := hex.DecodeString(string(b))
	return err == nil
}
