package provider_test

import (
	"archive/zip"
	"bytes"
	"io"
)

// unzipped returns the parts of a zip file, and nothing for another file.
func unzipped(content []byte) []string {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil
	}
	var parts []string
	for _, file := range archive.File {
		part, err := file.Open()
		if err != nil {
			continue
		}
		text, _ := io.ReadAll(part)
		_ = part.Close()
		parts = append(parts, string(text))
	}
	return parts
}
