package checkpoint

import (
	"bytes"
	"fmt"
)

// foreign recognises files of other formats by their first bytes and says what to do.
func foreign(name string, file []byte) error {
	torch := "convert it with: " + conversion(name)
	for _, f := range []struct{ magic, what, do string }{
		{"PK\x03\x04", "a zip archive, as torch.save writes (.pth, .pt, .bin), with a Python pickle inside, " +
			"and reading a pickle runs the code in it", torch},
		{"\x80\x02", "a Python pickle, as older torch.save writes (.pth, .bin), and reading a pickle runs the code in it",
			torch},
		{"\x80\x04", "a Python pickle, and reading a pickle runs the code in it", torch},
		{"\x93NUMPY", "a numpy array", "save the weights as safetensors"},
		{"\x89HDF", "an HDF5 file (Keras)", "export the timm model as safetensors"},
		{"GGUF", "a GGUF file", "fetch the safetensors file of the model instead"},
		{"\x1f\x8b", "gzip-compressed", "unpack it with gunzip"},
		{"version https://git-lfs", "a git-lfs pointer, not the weights", "run git lfs pull"},
		{"<!DOCTYPE", "a web page", "fetch the raw file instead"},
		{"<html", "a web page", "fetch the raw file instead"},
	} {
		if bytes.HasPrefix(file, []byte(f.magic)) {
			return fmt.Errorf("checkpoint %s: is %s; expected safetensors: %s", name, f.what, f.do)
		}
	}
	return nil
}
